import { proveClient } from '../kit/client-authentication'
import type { Grants, Refusal, Tokens } from '../kit/grants'
import { isForm } from '../kit/http'
import type { JsonValue } from '../store'
import { json } from './http'

type Answer = { [key: string]: JsonValue }

/** POST /login/oauth/access_token: 200 even for a refusal, and a form unless JSON is asked for. */
export async function answerToken(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Response> {
  const body = await answerOf(request, client, grants)
  if (/application\/json/i.test(request.headers.get('accept') ?? '')) return json(body)
  const form = new URLSearchParams(Object.entries(body).map(([name, value]) => [name, String(value)]))
  return new Response(form, { headers: { 'x-sandbox': 'github', 'cache-control': 'no-store' } })
}

async function answerOf(request: Request, client: { clientId: string, clientSecret: string }, grants: Grants): Promise<Answer> {
  if (!isForm(request)) return refusal('bad_verification_code', 'Send application/x-www-form-urlencoded.')
  const form = new URLSearchParams(await request.text())
  if (request.headers.has('authorization') || proveClient(request, form, client, ['body']) !== 'known') {
    return refusal('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.')
  }
  switch (form.get('grant_type') ?? 'authorization_code') {
    case 'authorization_code': return redeem(form, client.clientId, grants)
    case 'refresh_token': return refreshed(form.get('refresh_token') ?? '', grants)
    default: return refusal('unsupported_grant_type', 'The specified grant type is not supported.')
  }
}

function redeem(form: URLSearchParams, clientId: string, grants: Grants): Answer {
  const outcome = grants.redeem({ code: form.get('code') ?? '', clientId, redirectUri: form.get('redirect_uri') ?? '', verifier: form.get('code_verifier') })
  if (!('refused' in outcome)) return granted(outcome)
  return outcome.because === 'other_redirect'
    ? refusal('redirect_uri_mismatch', 'The redirect_uri MUST match the registered callback URL for this application.')
    : refusal('bad_verification_code', 'The code passed is incorrect or expired.')
}

function refreshed(refreshToken: string, grants: Grants): Answer {
  const outcome: Tokens | Refusal = grants.refresh(refreshToken)
  return 'refused' in outcome ? refusal('bad_refresh_token', 'The refresh token passed is incorrect or expired.') : granted(outcome)
}

/** An OAuth App's token has scopes and no end; a GitHub App's the other way round. */
function granted({ accessToken, refreshToken, expiresIn, subject }: Tokens): Answer {
  if (subject.startsWith('oauth:')) return { access_token: accessToken, scope: subject.slice('oauth:'.length), token_type: 'bearer' }
  return {
    access_token: accessToken,
    expires_in: expiresIn,
    refresh_token: refreshToken,
    refresh_token_expires_in: 15_897_600,
    token_type: 'bearer',
    scope: '',
  }
}

function refusal(error: string, description: string): Answer {
  return { error, error_description: description, error_uri: `https://docs.github.com/apps/troubleshooting-access-token-request-errors/#${error.replaceAll('_', '-')}` }
}
