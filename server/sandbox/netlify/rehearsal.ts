import { revoke } from '../kit/grant-actions'
import type { Grants } from '../kit/grants'
import { endlessLinks } from '../kit/endless'
import type { Rehearsal, Sandbox } from '../stand-in'
import { json, refuse } from './http'
import { person } from './person'
import { teams } from './teams'

/** Tokens do not end by themselves, and nothing is told of an end. */
export function rehearsalOf(prefix: string, grants: Grants, now: () => number, answer: Sandbox['fetch']): Rehearsal {
  const kindOf = (request: Request) => {
    const { pathname } = new URL(request.url)
    if (pathname === `${prefix}/authorize`) return 'page'
    return pathname === `${prefix}/oauth/token` ? 'token' : 'api'
  }
  return {
    kindOf,
    rateLimited: (_request, seconds) => refuse(429, 'Too Many Requests', {
      'date': new Date(now()).toUTCString(), 'x-ratelimit-limit': '500', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.ceil(now() / 1000) + seconds),
    }),
    failed: request => kindOf(request) === 'token' ? json({ error: 'server_error' }, 500) : refuse(500, 'Internal Server Error'),
    endless: request => endlessLinks(request, answer, Array.isArray),
    asksConsent: true,
    grants: () => grants.list().map(({ id, createdAt }) => ({
      id, account: person.name, detail: teams.map(team => team.name).join(', '), since: createdAt,
      actions: [revoke(grants, id)],
    })),
    endGrants: () => { grants.endAll() },
  }
}
