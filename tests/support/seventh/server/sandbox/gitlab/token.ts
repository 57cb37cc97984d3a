/** `/oauth/token` and `/oauth/revoke`, RFC 6749 section 5 in Doorkeeper's words. */
import { proveClient } from '../kit/client-authentication'
import type { Grants } from '../kit/grants'
import { answersOf, isForm } from '../kit/http'

const { json } = answersOf('gitlab')
interface Client { clientId: string, clientSecret: string }

export async function token(request: Request, client: Client, grants: Grants, now: () => number): Promise<Response> {
  const form = await readForm(request, client)
  if (form instanceof Response) return form
  const outcome = form.get('grant_type') === 'refresh_token'
    ? grants.refresh(form.get('refresh_token') ?? '')
    : grants.redeem({ code: form.get('code') ?? '', clientId: client.clientId, redirectUri: form.get('redirect_uri') ?? '', verifier: form.get('code_verifier') })
  if ('refused' in outcome) return json({ error: 'invalid_grant', error_description: 'The provided authorization grant is invalid, expired, revoked, or was issued to another client.' }, 400)
  const { accessToken, refreshToken, expiresIn } = outcome
  return json({ access_token: accessToken, token_type: 'Bearer', expires_in: expiresIn, refresh_token: refreshToken, scope: 'read_api', created_at: Math.floor(now() / 1000) })
}

/** 200 and `{}`, whether it knew the token or not (RFC 7009 section 2.2). */
export async function revoke(request: Request, client: Client, grants: Grants): Promise<Response> {
  const form = await readForm(request, client)
  if (form instanceof Response) return form
  grants.revokeChain(form.get('token') ?? '')
  return json({})
}

async function readForm(request: Request, client: Client): Promise<URLSearchParams | Response> {
  if (request.method !== 'POST' || !isForm(request)) return json({ error: 'invalid_request' }, 400)
  const form = new URLSearchParams(await request.text())
  return proveClient(request, form, client, ['body']) === 'known' ? form : json({ error: 'invalid_client' }, 401)
}
