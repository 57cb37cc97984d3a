import { z } from 'zod'
import type { RateLimits } from '../contract'

/** Each endpoint has a limit of its own, for each account; the answers say which (https://vercel.com/docs/rest-api, rate limits). */
export const limits: RateLimits = { countedFor: 'account', countedBy: 'endpoint', window: { calls: null, seconds: 60 }, headers: { reset: 'epoch_seconds' } }

/**
 * Seconds to wait after a 429. `X-RateLimit-Reset` is a time, in seconds since 1970 (https://vercel.com/docs/rest-api, rate
 * limits); the body of a 429 repeats it as `error.limit.reset`. `Retry-After` is read in case a gateway sends it.
 */
export function retryAfter(headers: Headers): number | null {
  const waits = [secondsUntil(headers.get('x-ratelimit-reset')), plain(headers.get('retry-after'))].filter(wait => wait !== null)
  return waits.length > 0 ? Math.max(...waits) : null
}

const limited = z.object({ error: z.object({ limit: z.object({ reset: z.number() }) }) })

/** From the body, where no header says it. */
export function retryAfterIn(body: unknown): number | null {
  const parsed = limited.safeParse(body)
  return parsed.success ? secondsUntil(String(parsed.data.error.limit.reset)) : null
}

function secondsUntil(epochSeconds: string | null): number | null {
  // Ten digits: neither a number of seconds left nor milliseconds.
  return epochSeconds !== null && /^\d{10}$/.test(epochSeconds.trim()) ? Math.max(0, Math.ceil(Number(epochSeconds) - Date.now() / 1000)) : null
}

function plain(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value.trim()) ? Number(value) : null
}
