import type { Grants } from '../kit/grants'
import { isForm, withParameters } from '../kit/http'
import { accounts } from './accounts'
import { type AuthorizationRequest, readAuthorizationRequest } from './authorization-request'
import { consentFor, refusal } from './consent'
import { html, redirect } from './http'
import { subjectOf } from './installation'

interface Registration { clientId: string, redirectUris: readonly string[] }

const offeredTo = ({ team }: AuthorizationRequest) => accounts.filter(account => team === null || account.id === team)

/** GET: asks the person. */
export function showConsent(request: Request, action: string, registration: Registration, grants: Grants): Response {
  return withRequest(new URL(request.url).searchParams, registration, (asked) => {
    const offered = offeredTo(asked)
    if (offered.length === 0) return html(refusal('You are in no workspace of that id.'), 400)
    return html(consentFor({ action, consent: grants.askConsent(fingerprint(asked)), asked, offered }), 200, new URL(asked.redirectUri).origin)
  })
}

/** POST: the person's answer. The parameters come back with the form and are checked again, as if they were new. */
export async function answerConsent(request: Request, registration: Registration, grants: Grants): Promise<Response> {
  if (!isForm(request)) return html(refusal('Send a form.'), 400)
  const form = new URLSearchParams(await request.text())
  return withRequest(form, registration, (asked) => {
    if (!grants.spendConsent(form.get('consent') ?? '', fingerprint(asked))) {
      return html(refusal('This page was answered already, or is older than ten minutes. Go back to the application and connect again.'), 400)
    }
    const { clientId, redirectUri, state, botScopes, userScopes } = asked
    const account = offeredTo(asked).find(one => one.id === form.get('account'))
    // Slack's "Cancel" comes without a description.
    if (form.get('decision') === 'deny') return redirect(withParameters(redirectUri, { error: 'access_denied', state }))
    if (form.get('decision') !== 'approve' || !account) return html(refusal('The answer was neither a workspace nor a no.'), 400)
    const code = grants.issueCode({ clientId, redirectUri, challenge: null, subject: subjectOf({ accountId: account.id, botScopes, userScopes }) })
    return redirect(withParameters(redirectUri, { code, state }))
  })
}

function withRequest(parameters: URLSearchParams, registration: Registration, then: (asked: AuthorizationRequest) => Response): Response {
  const read = readAuthorizationRequest(parameters, registration)
  return 'page' in read ? html(refusal(read.page), 400) : then(read.ok)
}

/** What a consent is bound to: a token from one page cannot approve another request. */
function fingerprint(asked: AuthorizationRequest): string {
  return JSON.stringify([asked.clientId, asked.redirectUri, asked.state, asked.botScopes, asked.userScopes, asked.team])
}
