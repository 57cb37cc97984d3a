import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { endlessBody, firstPage } from '../kit/endless'
import { revoke, silently } from '../kit/grant-actions'
import type { Grants } from '../kit/grants'
import type { Rehearsal, Sandbox, SignedDelivery } from '../stand-in'
import { refuse } from './http'
import { installationOf, type Installation } from './installation'

const listed = z.looseObject({ pagination: z.looseObject({}) })

interface Rehearsed {
  prefix: string
  /** Of the client, with which deliveries are signed. */
  secret: string
  grants: Grants
  /** As in `ApiContext`. */
  disabled: Map<string, string>
  now: () => number
  answer: Sandbox['fetch']
}

/** Tokens do not end by themselves. */
export function rehearsalOf({ prefix, secret, grants, disabled, now, answer }: Rehearsed): Rehearsal {
  return {
    kindOf: (request) => {
      const path = new URL(request.url).pathname.slice(prefix.length)
      if (/^\/(?:installed$|integrations\/[^/]+\/new$)/.test(path)) return 'page'
      return path === '/v2/oauth/access_token' ? 'token' : 'api'
    },
    rateLimited: (_request, seconds) => {
      const reset = Math.ceil(now() / 1000) + seconds
      return refuse(429, 'rate_limited', 'The rate limit is exceeded', { limit: { remaining: 0, reset, total: 100 } }, { 'x-ratelimit-limit': '100', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) })
    },
    failed: () => refuse(500, 'internal_server_error', 'An unexpected error occurred'),
    endless: request => endless(request, answer),
    asksConsent: true,
    grants: () => grants.list().flatMap(({ id, subject, createdAt }) => {
      const installation = installationOf(subject)
      if (!installation) return []
      return [{
        id, account: installation.account.name, detail: `Installation ${installation.id}`, since: createdAt,
        actions: [
          revoke(grants, id),
          disabled.has(installation.id)
            ? silently('enable', 'Let somebody take it over', () => void disabled.delete(installation.id))
            : silently('disable', 'Switch it off: whoever installed it has left', () => void disabled.set(installation.id, 'original-owner-left-the-team')),
          {
            id: 'uninstall', label: 'Uninstall, and tell by webhook',
            run: () => {
              grants.end(id)
              return removed(installation, secret, now())
            },
          },
        ],
      }]
    }),
    endGrants: () => { grants.endAll() },
  }
}

/** https://vercel.com/docs/webhooks/webhooks-api: HMAC-SHA1 of the body, in hex, under the client's secret. */
function removed({ id, account }: Installation, secret: string, now: number): SignedDelivery {
  const body = JSON.stringify({
    id: `evt_${randomBytes(12).toString('hex')}`, type: 'integration-configuration.removed', createdAt: now, region: null,
    payload: { configuration: { id, projects: [] }, user: { id: account.userId }, ...account.teamId === null ? {} : { team: { id: account.teamId } } },
  })
  return { headers: { 'x-vercel-signature': createHmac('sha1', secret).update(body).digest('hex') }, body }
}

/** Projects go on by `from`, the other lists back in time by `until`. */
async function endless(request: Request, answer: Sandbox['fetch']): Promise<Response> {
  const parameter = new URL(request.url).searchParams.has('from') ? 'from' : 'until'
  const { first, asked } = firstPage(request, parameter, value => Number(/\d+/.exec(value)?.[0]))
  return endlessBody(await answer(first), (body) => {
    const list = listed.safeParse(body)
    if (!list.success) return null
    const next = 'projects' in body ? `page_${asked + 1}` : (asked || 2_000_000_000_000) - 1
    return { ...body, pagination: { count: 1, prev: null, next } }
  })
}
