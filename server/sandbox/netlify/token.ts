import { proveClient } from '../kit/client-authentication'
import type { Grants } from '../kit/grants'
import { isForm } from '../kit/http'
import { json } from './http'

const fields = ['grant_type', 'client_id', 'client_secret', 'code', 'redirect_uri']

/** RFC 6749 section 5.2. */
function oauthError(status: number, error: string, description: string): Response {
  return json({ error, error_description: description }, status, { pragma: 'no-cache' })
}

/** POST /oauth/token: a code against a token that does not end; the client's credentials in the body. */
export async function answerToken(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants, now: () => number): Promise<Response> {
  if (!isForm(request)) return oauthError(400, 'invalid_request', 'Send application/x-www-form-urlencoded')
  const form = new URLSearchParams(await request.text())
  const names = [...form.keys()]
  if (new Set(names).size !== names.length) return oauthError(400, 'invalid_request', 'A parameter came more than once')
  const unknown = names.filter(name => !fields.includes(name))
  if (unknown.length > 0) return oauthError(400, 'invalid_request', `Unknown parameter: ${unknown.join(', ')}`)
  if (request.headers.has('authorization') || proveClient(request, form, client, ['body']) !== 'known') {
    return oauthError(401, 'invalid_client', 'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.')
  }
  if (form.get('grant_type') !== 'authorization_code') return oauthError(400, 'unsupported_grant_type', 'The authorization grant type is not supported by the authorization server.')
  const code = form.get('code')
  const redirectUri = form.get('redirect_uri')
  if (!code || !redirectUri) return oauthError(400, 'invalid_request', 'code and redirect_uri are required')
  const outcome = grants.redeem({ code, clientId: client.clientId, redirectUri, verifier: null })
  if ('refused' in outcome) return oauthError(400, 'invalid_grant', outcome.refused)
  return json({ access_token: outcome.accessToken, token_type: 'Bearer', scope: 'public', created_at: Math.floor(now() / 1000) }, 200, { pragma: 'no-cache' })
}
