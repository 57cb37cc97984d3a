/**
 * `/integrations/{slug}/new`: the page on which a person installs the integration. It takes `state` and nothing else; where
 * the person returns to is what the integration has registered. An installation may also begin at Vercel: then there is no
 * state, neither here nor at the callback, and `source` says so. What Vercel sends on a refusal is not documented: here it is
 * RFC 6749's `access_denied`.
 */
import type { Grants } from '../kit/grants'
import { isForm, withParameters } from '../kit/http'
import { consentPage, page, refusalPage } from '../kit/page'
import { html, redirect, refuse } from './http'
import { accounts, install, ownerOf, subjectOf } from './installation'
import { permissionLabels } from './permissions'

interface Registration { baseUrl: string, clientId: string, redirectUris: readonly string[] }
interface Asked { redirectUri: string, state: string | null }

const provider = 'Vercel'

/** GET: asks the person. @param action the page's own path */
export function showConsent(request: Request, action: string, registration: Registration, grants: Grants, permissions: readonly string[]): Response {
  const asked = read(new URL(request.url).searchParams, registration)
  if (typeof asked === 'string') return html(refusalPage(provider, asked), 400)
  return html(consentPage({
    provider,
    action,
    account: 'a Vercel account',
    lists: [{ heading: 'Permissions', items: permissions.map(code => ({ text: permissionLabels[code] ?? code, code })) }],
    returnsTo: new URL(asked.redirectUri).origin,
    hidden: { consent: grants.askConsent(fingerprint(asked)), ...asked.state === null ? {} : { state: asked.state } },
    choice: { name: 'account', label: 'Install on', options: accounts.map(account => ({ value: ownerOf(account), text: account.teamId ? account.name : `${account.name} (personal account)` })) },
  }), 200, new URL(asked.redirectUri).origin)
}

/** POST: the person's answer. */
export async function answerConsent(request: Request, registration: Registration, grants: Grants): Promise<Response> {
  if (!isForm(request)) return refuse(400, 'bad_request', 'Send a form')
  const form = new URLSearchParams(await request.text())
  const asked = read(form, registration)
  if (typeof asked === 'string') return html(refusalPage(provider, asked), 400)
  if (!grants.spendConsent(form.get('consent') ?? '', fingerprint(asked))) {
    return html(refusalPage(provider, 'This page was answered already, or is older than ten minutes. Go back to the application and connect again.'), 400)
  }
  const { redirectUri, state } = asked
  if (form.get('decision') === 'deny') return redirect(withParameters(redirectUri, { error: 'access_denied', error_description: 'The user denied the request', state }))
  const installation = form.get('decision') === 'approve' ? install(form.get('account') ?? '') : undefined
  if (!installation) return html(refusalPage(provider, 'The answer was neither approve nor deny, or named no account.'), 400)
  return redirect(withParameters(redirectUri, {
    code: grants.issueCode({ clientId: registration.clientId, redirectUri, challenge: null, subject: subjectOf(installation) }),
    configurationId: installation.id,
    teamId: installation.account.teamId,
    next: `${registration.baseUrl}/installed`,
    source: state === null ? 'marketplace' : 'external',
    state,
  }))
}

/** `next`: where an application that was opened from Vercel sends the person back to. */
export function showInstalled(): Response {
  return html(page(provider, 'The integration is installed', '<p class="lead">You can close this page.</p>'), 200)
}

/** A sentence when it cannot be shown. What else an application sends is ignored, unless it is wrong. */
function read(parameters: URLSearchParams, { clientId, redirectUris }: Registration): Asked | string {
  if (['state', 'client_id', 'redirect_uri'].some(name => parameters.getAll(name).length > 1)) return 'A parameter came more than once.'
  const redirectUri = parameters.get('redirect_uri') ?? redirectUris[0]
  if (redirectUri === undefined || !redirectUris.includes(redirectUri)) return 'The redirect_uri is not the one that this integration has registered.'
  if (parameters.has('client_id') && parameters.get('client_id') !== clientId) return 'No integration is registered under this client_id.'
  const state = parameters.get('state') || null
  return (state?.length ?? 0) > 4096 ? 'The state is longer than 4 kB.' : { redirectUri, state }
}

/** What a consent is bound to: a token from one page cannot approve another request. */
function fingerprint({ redirectUri, state }: Asked): string {
  return JSON.stringify([redirectUri, state])
}
