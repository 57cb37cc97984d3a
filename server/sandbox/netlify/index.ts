/**
 * A stateful, strict stand-in of Netlify's OAuth and API. It follows Netlify's Swagger document (https://open-api.netlify.com),
 * with the fields that the API answers beyond it, and is stricter where that is silent: parameters that nobody documents are
 * refused, state is required, a code that comes twice ends its grant. It only reads.
 */
import { randomBytes } from 'node:crypto'
import { openGrants } from '../kit/grants'
import type { Sandbox, StandIn, StandInOptions } from '../stand-in'
import { answerRead } from './api'
import { answerConsent, showConsent } from './authorize'
import { noSuchPath, refuse } from './http'
import { rateLimit } from './rate-limit'
import { rehearsalOf } from './rehearsal'
import { answerToken } from './token'

export interface NetlifySandboxOptions extends StandInOptions {
  /** Per token; Netlify itself allows 500. */
  requestsPerMinute?: number
  /** Entries of a list in one answer, at most. Netlify: 100. */
  pageSize?: number
}

export interface NetlifySandbox extends Sandbox {
  /** Ends every token that the person gave out, as Netlify does. */
  resetPassword: () => void
}

/** @throws Error when the stored state is damaged */
export function createNetlifySandbox(options: NetlifySandboxOptions): NetlifySandbox {
  const { now = Date.now, pageSize = 100 } = options
  const grants = openGrants({ provider: 'Netlify', store: options.store, now, lifetimeSeconds: null, prefixes: () => ({ access: 'nfo_sandbox_', refresh: 'nfr_sandbox_' }) })
  const count = rateLimit(options.requestsPerMinute ?? 6000, now)
  const prefix = new URL(options.baseUrl).pathname.replace(/\/$/, '')

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (!pathname.startsWith(`${prefix}/`)) return noSuchPath()
    const path = pathname.slice(prefix.length)
    switch (path) {
      case '/authorize':
        if (request.method === 'GET') return showConsent(request, pathname, options, grants)
        return request.method === 'POST' ? answerConsent(request, options, grants) : refuse(405, 'Method Not Allowed', { allow: 'GET, POST' })
      case '/oauth/token':
        return request.method === 'POST' ? answerToken(request, options, grants, now) : refuse(405, 'Method Not Allowed', { allow: 'POST' })
      default:
        return path.startsWith('/api/v1/') ? answerRead(request, path.slice('/api/v1'.length), { grants, now, pageSize, count }) : noSuchPath()
    }
  }

  return {
    // A fault may read the body, which the answer then needs once more.
    fetch: async request => await options.faults?.(request.clone()) ?? answer(request),
    rehearsal: rehearsalOf(prefix, grants, now, answer),
    resetPassword: () => { grants.endAll() },
  }
}

export const netlifyStandIn: StandIn = {
  register: () => ({ clientId: randomBytes(32).toString('base64url'), clientSecret: `nfs_${randomBytes(32).toString('base64url')}` }),
  create: createNetlifySandbox,
}
