import { proveClient, type ClientProof } from '../kit/client-authentication'
import type { Grants, Refusal, Tokens } from '../kit/grants'
import { isForm } from '../kit/http'
import type { JsonValue } from '../store'
import { accountOf } from './accounts'
import { no, ok } from './http'
import { installationOf } from './installation'

/** https://docs.slack.dev/reference/methods/oauth.v2.access */
const fields = ['client_id', 'client_secret', 'code', 'code_verifier', 'grant_type', 'redirect_uri', 'refresh_token']
const person = 'user'

export interface TokenOptions {
  clientId: string
  clientSecret: string
  /** Whether the app has token rotation; without it tokens do not end and come without a refresh token. */
  rotates: boolean
}

/** POST /api/oauth.v2.access. Refusals are a 200. */
export async function answerToken(request: Request, options: TokenOptions, grants: Grants): Promise<Response> {
  if (!isForm(request)) return no('invalid_post_type')
  const form = new URLSearchParams(await request.text())
  const names = [...form.keys()]
  if (new Set(names).size !== names.length || names.some(name => !fields.includes(name))) return no('invalid_arguments')
  const refused = refusals[proveClient(request, form, options, ['basic', 'body'])]
  if (refused) return no(refused)
  if (form.has('code_verifier')) return no('pkce_not_allowed')
  switch (form.get('grant_type') ?? 'authorization_code') {
    case 'authorization_code': return redeem(form, options, grants)
    case 'refresh_token': return options.rotates ? refresh(form, options, grants) : no('invalid_grant_type')
    default: return no('invalid_grant_type')
  }
}

const refusals: Record<ClientProof, string | null> = { known: null, missing: 'invalid_client_id', wrong: 'bad_client_secret', twice: 'invalid_arguments' }

const codeRefusals: Record<Refusal['because'], string> = {
  unknown: 'invalid_code', reused: 'invalid_code', expired: 'invalid_code', other_client: 'invalid_code', other_redirect: 'bad_redirect_uri', verifier: 'pkce_not_allowed',
}

function redeem(form: URLSearchParams, { clientId, rotates }: TokenOptions, grants: Grants): Response {
  const code = form.get('code')
  if (!code) return no('invalid_code')
  const main = grants.redeem({ code, clientId, redirectUri: form.get('redirect_uri') ?? '', verifier: null })
  if ('refused' in main) return no(codeRefusals[main.because])
  const { botScopes, userScopes } = installationOf(main.subject)
  const own = userScopes.length > 0 ? token(grants.issueChain(main.grantId, person), userScopes, rotates) : {}
  return ok({
    ...about(main.subject),
    authed_user: { id: accountOf(main.subject)?.installer.id ?? '', ...own },
    // Without permissions of the app's own there is no token of its own.
    ...(botScopes.length > 0 && token(main, botScopes, rotates)),
  })
}

/** One chain at a time, at the top, whichever it is. */
function refresh(form: URLSearchParams, { rotates }: TokenOptions, grants: Grants): Response {
  const outcome = grants.refresh(form.get('refresh_token') ?? '')
  if ('refused' in outcome) return no('invalid_refresh_token')
  const { botScopes, userScopes } = installationOf(outcome.subject)
  return ok({ ...about(outcome.subject), ...token(outcome, outcome.chain === person ? userScopes : botScopes, rotates) })
}

function token({ accessToken, refreshToken, expiresIn, chain }: Tokens, scopes: readonly string[], rotates: boolean): { [key: string]: JsonValue } {
  return {
    access_token: accessToken,
    token_type: chain === person ? 'user' : 'bot',
    scope: scopes.join(','),
    ...(chain !== person && { bot_user_id: 'U0ALLYSHIPBOT' }),
    ...(rotates && { refresh_token: refreshToken, expires_in: expiresIn }),
  }
}

function about(subject: string): { [key: string]: JsonValue } {
  const account = accountOf(subject)
  const named = account ? { id: account.id, name: account.name } : null
  const organization = account?.kind === 'organization'
  return { app_id: 'A0ALLYSHIP00', team: organization ? null : named, enterprise: organization ? named : null, is_enterprise_install: organization }
}
