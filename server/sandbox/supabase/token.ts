import { proveClient, type ClientProof } from '../kit/client-authentication'
import type { Grants, Refusal, Tokens } from '../kit/grants'
import { isForm } from '../kit/http'
import { json, message } from './http'
import { permissions } from './organization'

/** The fields of Supabase's OpenAPI document, which allows no others. */
const fields = ['grant_type', 'client_id', 'client_secret', 'code', 'code_verifier', 'redirect_uri', 'refresh_token', 'resource', 'scope', 'assertion']

const refusals: Record<ClientProof, Parameters<typeof message> | null> = {
  known: null,
  missing: [401, 'Client authentication is required', { 'www-authenticate': 'Basic realm="Supabase sandbox"' }],
  wrong: [401, 'The client id or the client secret is wrong'],
  twice: [400, 'Send the client credentials once: in the header or in the body'],
}

/** POST /v1/oauth/token. Refusals are Supabase's `{"message"}`; it names no RFC 6749 error codes. */
export async function answerToken(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Response> {
  if (!isForm(request)) return message(400, 'Send application/x-www-form-urlencoded')
  const form = new URLSearchParams(await request.text())
  const names = [...form.keys()]
  if (new Set(names).size !== names.length) return message(400, 'A parameter came more than once')
  const unknown = names.filter(name => !fields.includes(name))
  if (unknown.length > 0) return message(400, `Unknown parameter: ${unknown.join(', ')}`)

  const refused = refusals[proveClient(request, form, client, ['basic', 'body'])]
  if (refused) return message(...refused)
  switch (form.get('grant_type')) {
    case 'authorization_code': return answer(redeem(form, client.clientId, grants))
    case 'refresh_token': return answer(refresh(form, grants))
    default: return message(400, 'grant_type must be authorization_code or refresh_token')
  }
}

function redeem(form: URLSearchParams, clientId: string, grants: Grants): Tokens | Pick<Refusal, 'refused'> {
  const code = form.get('code')
  const redirectUri = form.get('redirect_uri')
  const verifier = form.get('code_verifier')
  if (!code || !redirectUri || !verifier) return { refused: 'code, redirect_uri and code_verifier are required' }
  // RFC 7636 section 4.1.
  if (!/^[\w.~-]{43,128}$/.test(verifier)) return { refused: 'code_verifier must be 43 to 128 unreserved characters' }
  return grants.redeem({ code, clientId, redirectUri, verifier })
}

function refresh(form: URLSearchParams, grants: Grants): Tokens | Pick<Refusal, 'refused'> {
  const refreshToken = form.get('refresh_token')
  return refreshToken ? grants.refresh(refreshToken) : { refused: 'refresh_token is required' }
}

function answer(outcome: Tokens | Pick<Refusal, 'refused'>): Response {
  if ('refused' in outcome) return message(400, outcome.refused)
  return json({
    access_token: outcome.accessToken,
    refresh_token: outcome.refreshToken,
    expires_in: outcome.expiresIn,
    token_type: 'Bearer',
    scope: permissions.map(permission => permission.scope).join(' '),
    project_refs: null,
  }, 200, { pragma: 'no-cache' })
}
