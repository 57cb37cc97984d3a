/**
 * A stateful, strict stand-in of Supabase's OAuth server and Management API. It follows Supabase's OpenAPI document
 * (https://api.supabase.com/api/v1) and is stricter where that is silent: PKCE S256 and state are required, refresh tokens
 * rotate, and a code or refresh token that comes twice ends its grant.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { answerConsent, showConsent } from './authorize'
import { openGrants } from '../kit/grants'
import { message } from './http'
import { answerRead } from './management-api'
import { rateLimit } from './rate-limit'
import { rehearsalOf } from './rehearsal'
import { answerRevoke } from './revoke'
import { answerToken } from './token'

export interface SupabaseSandboxOptions extends StandInOptions {
  accessTokenLifetimeSeconds?: number
  /** Per operation; Supabase itself allows 120. */
  requestsPerMinute?: number
}

/** @throws Error when the stored state is damaged */
export function createSupabaseSandbox(options: SupabaseSandboxOptions): Sandbox {
  const now = options.now ?? Date.now
  const grants = openGrants({ provider: 'Supabase', store: options.store, now, lifetimeSeconds: options.accessTokenLifetimeSeconds ?? 3600, prefixes: () => ({ access: 'sbp_sandbox_', refresh: 'sbr_sandbox_' }) })
  const count = rateLimit(options.requestsPerMinute ?? 6000, now)
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${prefix}/`)) return message(404, `Cannot ${request.method} ${pathname}`)
    const path = pathname.slice(prefix.length)
    switch (path) {
      case '/v1/oauth/authorize':
        if (request.method === 'GET') return showConsent(request, pathname, options, grants)
        return request.method === 'POST' ? answerConsent(request, options, grants) : message(405, 'Method not allowed', { allow: 'GET, POST' })
      case '/v1/oauth/token':
        return request.method === 'POST' ? answerToken(request, options, grants) : message(405, 'Method not allowed', { allow: 'POST' })
      case '/v1/oauth/revoke':
        return request.method === 'POST' ? answerRevoke(request, options, grants) : message(405, 'Method not allowed', { allow: 'POST' })
      default:
        return answerRead(request, path, { grants, now, count })
    }
  }

  // A fault may read the body, which the answer then needs once more.
  return { fetch: async request => await options.faults?.(request.clone()) ?? answer(request), rehearsal: rehearsalOf(prefix, grants) }
}

export const supabaseStandIn: StandIn = {
  register: () => ({ clientId: randomUUID(), clientSecret: `sba_${randomBytes(20).toString('hex')}` }),
  create: createSupabaseSandbox,
  callbackPaths: ['/api/auth/callback'],
}
