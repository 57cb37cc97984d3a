import type { RateLimits } from '../contract'

/** 500 calls a minute of a person, whose id is the account's (https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api/#rate-limiting). */
export const limits: RateLimits = { countedFor: 'account', countedBy: 'all', window: { calls: 500, seconds: 60 }, headers: { reset: 'epoch_seconds' } }

/** Netlify counts per minute. */
const window = 60

/**
 * Seconds to wait after a 429. `X-RateLimit-Reset` is a time, in seconds since 1970
 * (https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api/#rate-limiting); it is compared with the answer's
 * own `Date`, as our clock may be another. Never longer than the window; null when it says nothing about the future.
 */
export function retryAfter(headers: Headers): number | null {
  const reset = headers.get('x-ratelimit-reset')?.trim() ?? ''
  if (!/^\d{10}$/.test(reset)) return null
  const date = Date.parse(headers.get('date') ?? '')
  const seconds = Math.ceil(Number(reset) - (Number.isNaN(date) ? Date.now() : date) / 1000)
  return seconds > 0 ? Math.min(window, seconds) : null
}
