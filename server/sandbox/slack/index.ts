/**
 * A stateful, strict stand-in of Slack's OAuth v2 and of those methods of its Web API that are read here. It follows
 * https://docs.slack.dev/reference/methods and is stricter where that is silent: a state is required, refresh tokens serve once, and
 * a code or refresh token that comes twice ends its grant.
 */
import { randomBytes, randomInt } from 'node:crypto'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { openGrants } from '../kit/grants'
import { answerConsent, showConsent } from './authorize'
import { json, no } from './http'
import { rateLimit } from './rate-limit'
import { rehearsalOf } from './rehearsal'
import { answerToken } from './token'
import { prefixesOf } from './token-format'
import { answerMethod } from './web-api'

export interface SlackSandboxOptions extends StandInOptions {
  /** With token rotation 43,200; null: the app has none, and tokens live until they are revoked. */
  accessTokenLifetimeSeconds?: number | null
  /** Per method and installation; or of each of these methods, and of the others as many as one likes. */
  requestsPerMinute?: number | Readonly<Record<string, number>>
  /** So many more in each organization. */
  moreWorkspaces?: number
}

/** @throws Error when the stored state is damaged */
export function createSlackSandbox(options: SlackSandboxOptions): Sandbox {
  const now = options.now ?? Date.now
  const { accessTokenLifetimeSeconds: lifetimeSeconds = 43_200 } = options
  const grants = openGrants({
    provider: 'Slack', store: options.store, now, lifetimeSeconds,
    prefixes: chain => prefixesOf(chain, lifetimeSeconds === null ? null : now() + lifetimeSeconds * 1000),
  })
  const count = rateLimit(options.requestsPerMinute ?? 6000, now)
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : ''
    const { method } = request
    if (path === '/oauth/v2/authorize') {
      if (method === 'GET') return showConsent(request, pathname, options, grants)
      return method === 'POST' ? answerConsent(request, options, grants) : no('invalid_http_method', {}, 405, { allow: 'GET, POST' })
    }
    const called = /^\/api\/([\w.]+)$/.exec(path)?.[1]
    if (called === undefined) return json({ ok: false, error: 'not_found' }, 404)
    if (called === 'oauth.v2.access') return method === 'POST' ? answerToken(request, { ...options, rotates: lifetimeSeconds !== null }, grants) : no('invalid_post_type')
    if (method !== 'GET' && method !== 'POST') return no('invalid_http_method', {}, 405, { allow: 'GET, POST' })
    return answerMethod(request, called, { grants, now, count, moreWorkspaces: options.moreWorkspaces ?? 0 })
  }

  // A fault may read the body, which the answer then needs once more.
  return {
    fetch: async request => await options.faults?.(request.clone()) ?? answer(request),
    rehearsal: rehearsalOf(prefix, options.settings?.SIGNING_SECRET ?? '', grants, now, answer),
  }
}

const digits = () => Array.from({ length: 12 }, () => randomInt(10)).join('')

export const slackStandIn: StandIn = {
  register: () => ({ clientId: `${digits()}.${digits()}`, clientSecret: randomBytes(16).toString('hex'), settings: { SIGNING_SECRET: randomBytes(16).toString('hex') } }),
  create: createSlackSandbox,
}
