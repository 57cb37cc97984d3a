import type { Grants } from '../kit/grants'
import { isForm, withParameters } from '../kit/http'
import { type AuthorizationRequest, readAuthorizationRequest, readInstallRequest } from './authorization-request'
import { consentFor, refusal, type Start } from './consent'
import { html, message, redirect } from './http'
import type { GithubSandboxOptions } from './options'
import { normalized } from './subject'
import type { Visits } from './visits'
import { accounts } from './world'

type Registration = Pick<GithubSandboxOptions, 'clientId' | 'redirectUris' | 'application'>

/** GET: asks the person, unless they have just said yes on the page of the installation. */
export function showConsent(request: Request, action: string, start: Start, registration: Registration, grants: Grants, visits: Visits): Response {
  const { searchParams } = new URL(request.url)
  return withRequest(start, searchParams, registration, (asked) => {
    if (start === 'authorize' && visits.spend(request)) return approved(asked, 'app:all', grants)
    const consent = grants.askConsent(fingerprint(start, asked))
    return html(consentFor({ action, consent, asked, start, application: registration.application ?? 'github_app' }), 200, new URL(asked.redirectUri).origin)
  })
}

/** POST: the person's answer. The parameters come back with the form and are checked again, as if they were new. */
export async function answerConsent(request: Request, start: Start, registration: Registration, grants: Grants, visits: Visits): Promise<Response> {
  if (!isForm(request)) return message(400, 'Send a form')
  const form = new URLSearchParams(await request.text())
  return withRequest(start, asked(form, start), registration, (asked) => {
    const { redirectUri, state } = asked
    if (!grants.spendConsent(form.get('consent') ?? '', fingerprint(start, asked))) {
      return html(refusal('This page was answered already, or is older than ten minutes. Go back to the application and connect again.'), 400)
    }
    if (form.get('decision') === 'deny') {
      return redirect(withParameters(redirectUri, {
        error: 'access_denied', error_description: 'The user has denied your application access.', error_uri: 'https://docs.github.com/apps/troubleshooting-authorization-request-errors/#access-denied', state,
      }))
    }
    const subject = subjectOf(form, start, asked, registration)
    if (form.get('decision') !== 'approve' || subject === null) return html(refusal('The answer was neither approve nor deny.'), 400)
    if (start === 'authorize') return approved(asked, subject, grants)
    return approved(asked, subject, grants, { installation_id: form.get('installation'), setup_action: 'install' }, { 'set-cookie': visits.begin() })
  })
}

function approved({ clientId, redirectUri, challenge, state }: AuthorizationRequest, subject: string, grants: Grants, installed: Record<string, string | null> = {}, headers: Record<string, string> = {}): Response {
  return redirect(withParameters(redirectUri, { code: grants.issueCode({ clientId, redirectUri, challenge, subject }), ...installed, state }), headers)
}

/** The form without its answers: what the page was asked with. */
function asked(form: URLSearchParams, start: Start): URLSearchParams {
  return start === 'install' ? new URLSearchParams([...form].filter(([name]) => !['consent', 'decision', 'installation'].includes(name))) : form
}

/** A user's token reaches every installation that the person sees, whichever they came for. */
function subjectOf(form: URLSearchParams, start: Start, asked: AuthorizationRequest, { application }: Registration): string | null {
  if (application === 'oauth_app') return `oauth:${normalized(asked.scope)}`
  const chosen = form.get('installation')
  const exists = accounts.some(account => String(account.installationId) === chosen)
  if (start === 'install') return exists ? 'app:all' : null
  return exists || chosen === 'all' || chosen === 'none' ? `app:${chosen}` : null
}

function withRequest(start: Start, parameters: URLSearchParams, registration: Registration, then: (asked: AuthorizationRequest) => Response): Response {
  const read = start === 'install' ? readInstallRequest(parameters, registration) : readAuthorizationRequest(parameters, registration)
  if ('page' in read) return html(refusal(read.page), 400)
  if ('redirect' in read) {
    const { redirectUri, error, description, state } = read.redirect
    return redirect(withParameters(redirectUri, { error, error_description: description, state }))
  }
  return then(read.ok)
}

/** What a consent is bound to: a token from one page cannot approve another request. */
function fingerprint(start: Start, asked: AuthorizationRequest): string {
  return JSON.stringify([start, asked.clientId, asked.redirectUri, asked.state, asked.challenge, asked.scope])
}
