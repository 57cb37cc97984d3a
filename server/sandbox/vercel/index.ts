/**
 * A stateful, strict stand-in of Vercel's connectable-account integrations and REST API: the page that installs, the token
 * endpoint, one installation per consent, and the reads of https://vercel.com/docs/rest-api that the checks make. Stricter than
 * Vercel where that is lenient: the token endpoint takes its four fields and no others, a code that comes twice ends its grant,
 * and a page holds few entries, so that lists have several.
 */
import { randomBytes } from 'node:crypto'
import { openGrants } from '../kit/grants'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { answerConsent, showConsent, showInstalled } from './authorize'
import { refuse } from './http'
import { usualPermissions } from './permissions'
import { rateLimit } from './rate-limit'
import { rehearsalOf } from './rehearsal'
import { answerApi } from './rest-api'
import { answerToken } from './token'

export interface VercelSandboxOptions extends StandInOptions {
  /** What the integration's console grants. */
  permissions?: readonly string[]
  /** Per endpoint. */
  requestsPerMinute?: number
  /** Entries on a page at most; Vercel's is 100. */
  pageSize?: number
}

const halfAnHour = 1_800_000

/** @throws Error when the stored state is damaged */
export function createVercelSandbox(options: VercelSandboxOptions): Sandbox {
  const { now = Date.now, permissions = usualPermissions, pageSize = 3 } = options
  const grants = openGrants({ provider: 'Vercel', store: options.store, now, lifetimeSeconds: null, codeLifetimeMs: halfAnHour, prefixes: () => ({ access: 'vci_sandbox_', refresh: 'vcr_sandbox_' }) })
  const disabled = new Map<string, string>()
  const context = { grants, disabled, now, permissions, pageSize, count: rateLimit(options.requestsPerMinute ?? 6000, now) }
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${prefix}/`)) return refuse(404, 'not_found', 'There is nothing here')
    const path = pathname.slice(prefix.length)
    const only = (methods: string) => refuse(405, 'method_unknown', `This endpoint only responds to ${methods}`, {}, { allow: methods })
    if (/^\/integrations\/[a-z0-9-]{1,32}\/new$/.test(path)) {
      if (request.method === 'GET') return showConsent(request, pathname, options, grants, permissions)
      return request.method === 'POST' ? answerConsent(request, options, grants) : only('GET, POST')
    }
    if (path === '/installed') return showInstalled()
    if (path === '/v2/oauth/access_token') return request.method === 'POST' ? answerToken(request, options, grants) : only('POST')
    return answerApi(request, path, context)
  }

  // A fault may read the body, which the answer then needs once more.
  return { fetch: async request => await options.faults?.(request.clone()) ?? answer(request), rehearsal: rehearsalOf({ prefix, secret: options.clientSecret, grants, disabled, now, answer }) }
}

export const vercelStandIn: StandIn = {
  register: () => ({ clientId: `oac_${randomBytes(18).toString('hex').slice(0, 24)}`, clientSecret: randomBytes(18).toString('base64url') }),
  create: createVercelSandbox,
}
