import type { Grants } from '../kit/grants'
import { isForm, withParameters } from '../kit/http'
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request'
import { consentFor, refusal } from './consent'
import { html, redirect, refuse } from './http'

interface Registration { clientId: string, redirectUris: readonly string[] }

/** GET: asks the person. */
export function showConsent(request: Request, action: string, registration: Registration, grants: Grants): Response {
  const { searchParams } = new URL(request.url)
  return withRequest(searchParams, registration, [], (asked) => {
    const consent = grants.askConsent(fingerprint(asked))
    return html(consentFor({ action, consent, asked }), 200, new URL(asked.redirectUri).origin)
  })
}

/** POST: the person's answer. The parameters come back with the form and are checked again, as if they were new. */
export async function answerConsent(request: Request, registration: Registration, grants: Grants): Promise<Response> {
  if (!isForm(request)) return refuse(400, 'Send a form')
  const form = new URLSearchParams(await request.text())
  return withRequest(form, registration, ['consent', 'decision'], (asked) => {
    const { redirectUri, state, clientId } = asked
    if (!grants.spendConsent(form.get('consent') ?? '', fingerprint(asked))) {
      return html(refusal('This page was answered already, or is older than ten minutes. Go back to the application and connect again.'), 400)
    }
    switch (form.get('decision')) {
      case 'approve':
        return redirect(withParameters(redirectUri, { code: grants.issueCode({ clientId, redirectUri, challenge: null }), state }))
      case 'deny':
        return redirect(withParameters(redirectUri, { error: 'access_denied', error_description: 'The resource owner denied the request.', state }))
      default:
        return html(refusal('The answer was neither approve nor deny.'), 400)
    }
  })
}

function withRequest(parameters: URLSearchParams, registration: Registration, own: readonly string[], then: (asked: AuthorizationRequest) => Response): Response {
  const read = readAuthorizationRequest(parameters, registration, own)
  if ('page' in read) return html(refusal(read.page), 400)
  if ('redirect' in read) {
    const { redirectUri, error, description, state } = read.redirect
    return redirect(withParameters(redirectUri, { error, error_description: description, state }))
  }
  return then(read.ok)
}

/** What a consent is bound to: a token from one page cannot approve another request. */
function fingerprint(asked: AuthorizationRequest): string {
  return JSON.stringify([asked.clientId, asked.redirectUri, asked.state])
}
