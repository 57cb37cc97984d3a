/** `/oauth/authorize`: asks the person. Stricter than GitLab, which also takes a client without PKCE. */
import type { Grants } from '../kit/grants'
import { answersOf, isForm, withParameters } from '../kit/http'
import { consentPage, refusalPage } from '../kit/page'
import { person, projects } from './world'

const { html, redirect } = answersOf('gitlab')
const provider = 'GitLab'
const known = ['client_id', 'redirect_uri', 'response_type', 'state', 'scope', 'code_challenge', 'code_challenge_method'] as const
type Asked = Record<typeof known[number], string>
interface Registration { clientId: string, redirectUris: readonly string[] }

export async function authorize(request: Request, action: string, registration: Registration, grants: Grants): Promise<Response> {
  const isAnswer = request.method === 'POST' && isForm(request)
  const parameters = isAnswer ? new URLSearchParams(await request.text()) : new URL(request.url).searchParams
  const asked = read(parameters, registration)
  if (typeof asked === 'string') return html(refusalPage(provider, asked), 400)
  const fingerprint = JSON.stringify(asked)
  if (!isAnswer) {
    return html(consentPage({
      provider, action,
      account: `the GitLab account of ${person.name}`,
      lists: [{ heading: 'Projects', items: projects.map(project => ({ text: project.path })) }, { heading: 'Permissions', items: [{ text: 'Read the API', code: asked.scope }] }],
      returnsTo: new URL(asked.redirect_uri).origin,
      hidden: { ...asked, consent: grants.askConsent(fingerprint) },
    }), 200, new URL(asked.redirect_uri).origin)
  }
  if (!grants.spendConsent(parameters.get('consent') ?? '', fingerprint)) return html(refusalPage(provider, 'This page was answered already. Go back to the application and connect again.'), 400)
  const { redirect_uri: redirectUri, state, client_id: clientId, code_challenge: challenge } = asked
  if (parameters.get('decision') !== 'approve') return redirect(withParameters(redirectUri, { error: 'access_denied', error_description: 'The resource owner or authorization server denied the request.', state }))
  return redirect(withParameters(redirectUri, { code: grants.issueCode({ clientId, redirectUri, challenge }), state }))
}

/** A sentence where nothing may be sent on. */
function read(parameters: URLSearchParams, { clientId, redirectUris }: Registration): Asked | string {
  if (known.some(name => parameters.getAll(name).length !== 1)) return `Each of ${known.join(', ')} has to come once.`
  const value = (name: keyof Asked) => parameters.get(name) ?? ''
  if (value('client_id') !== clientId) return 'No application is registered under this client_id.'
  if (!redirectUris.includes(value('redirect_uri'))) return 'The redirect URI included is not valid.'
  if (value('response_type') !== 'code' || value('scope') !== 'read_api') return 'The requested scope or type is invalid.'
  if (value('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(value('code_challenge'))) return 'The code challenge is invalid.'
  return {
    client_id: clientId, redirect_uri: value('redirect_uri'), response_type: 'code', state: value('state'), scope: 'read_api',
    code_challenge: value('code_challenge'), code_challenge_method: 'S256',
  }
}
