import { expire, revoke } from '../kit/grant-actions'
import type { Grants } from '../kit/grants'
import type { Rehearsal } from '../stand-in'
import { message } from './http'
import { organization, permissions } from './organization'

/** No list here has pages, and nothing is told of an end: whoever holds a grant finds out by using it. */
export function rehearsalOf(prefix: string, grants: Grants): Rehearsal {
  return {
    kindOf: (request) => {
      const { pathname } = new URL(request.url)
      if (pathname === `${prefix}/v1/oauth/authorize`) return 'page'
      return pathname === `${prefix}/v1/oauth/token` ? 'token' : 'api'
    },
    // `reset` is in seconds left, and there is no Retry-After.
    rateLimited: (_request, seconds) => message(429, 'ThrottlerException: Too Many Requests', { 'x-ratelimit-limit': '120', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds) }),
    failed: () => message(500, 'Internal server error'),
    asksConsent: true,
    grants: () => grants.list().map(({ id, createdAt }) => ({
      id, account: organization.name, detail: `${permissions.length} permissions`, since: createdAt,
      actions: [
        expire(grants, id),
        revoke(grants, id),
      ],
    })),
    endGrants: () => { grants.endAll() },
  }
}
