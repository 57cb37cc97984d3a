/** GET or POST /api/<method>. */
import type { Grants } from '../kit/grants'
import { bearerOf, isForm } from '../kit/http'
import { accountOf, withWorkspaces } from './accounts'
import { no, ok } from './http'
import { installationOf } from './installation'
import { methods } from './methods'
import { deathOf } from './token-format'

export interface WebApi { grants: Grants, now: () => number, count: (method: string, account: string) => number | null, moreWorkspaces: number }

export async function answerMethod(request: Request, method: string, { grants, now, count, moreWorkspaces }: WebApi): Promise<Response> {
  // What an object inherits is no method.
  const asked = Object.hasOwn(methods, method) ? methods[method] : undefined
  if (!asked && method !== 'auth.revoke') return no('unknown_method', { req_method: method })
  const args = await argumentsOf(request)
  const token = bearerOf(request)
  if (!token) return no('not_authed')
  const found = grants.find(token)
  const account = found && accountOf(found.subject)
  if (!found || !account) return no(grants.hasExpired(token) ? 'token_expired' : deathOf(token, now()))

  const wait = count(method, account.id)
  if (wait !== null) return no('ratelimited', {}, 429, { 'retry-after': String(wait) })
  if (!asked) return revoke(token, args, grants)
  const asPerson = found.chain === 'user'
  const { botScopes, userScopes } = installationOf(found.subject)
  const provided = asPerson ? userScopes : botScopes
  const needed = asked.needs(args).find(scope => !provided.includes(scope))
  if (needed !== undefined) return no('missing_scope', { needed, provided: provided.join(',') })
  return asked.answer(args, { account: withWorkspaces(account, moreWorkspaces), asPerson })
}

/** One token, or for a trial none. */
function revoke(token: string, args: URLSearchParams, grants: Grants): Response {
  const trial = ['1', 'true'].includes(args.get('test') ?? '')
  return ok({ revoked: trial ? false : grants.revokeChain(token) })
}

async function argumentsOf(request: Request): Promise<URLSearchParams> {
  const query = new URL(request.url).searchParams
  if (request.method !== 'POST' || !isForm(request)) return query
  return new URLSearchParams([...query, ...new URLSearchParams(await request.text())])
}
