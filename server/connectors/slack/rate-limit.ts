import type { RateLimits } from '../contract'

const tier2 = { calls: 20, seconds: 60 }
const tier3 = { calls: 50, seconds: 60 }

/**
 * By method, app and workspace, whichever token is used; no answer says how many are left. The tiers are floors ("20+ a minute"),
 * a method's own stands on its page: https://docs.slack.dev/apis/web-api/rate-limits. An app that a whole organization installed
 * is counted here by organization, which is never too many. `auth.test` has a special tier of hundreds a minute.
 */
export const limits: RateLimits = {
  countedFor: 'account',
  countedBy: 'path',
  window: tier2,
  exceptions: {
    '/api/auth.test': { calls: null, seconds: 60 },
    '/api/auth.teams.list': tier2,
    '/api/conversations.list': tier2,
    '/api/team.info': tier3,
    '/api/team.preferences.list': tier3,
    '/api/users.list': tier2,
  },
}

/** Seconds to wait after a 429: Slack says it in `Retry-After`, in whole seconds (https://docs.slack.dev/apis/web-api/rate-limits). */
export function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after')?.trim() ?? ''
  return /^\d{1,6}$/.test(value) ? Number(value) : null
}
