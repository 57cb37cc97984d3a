import type { RateLimits } from '../contract'

/**
 * 5,000 calls an hour of a person, whichever application makes them: a token that a person granted shares them with the person's
 * other tools, so that the answers' headers are believed (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
 * Everything that is read counts as `core`. On an Enterprise Server limits are off until its administrator sets them.
 */
export const limits: RateLimits = {
  countedFor: { fact: 'user_id' },
  // 5,000 an hour and more, by its size: how many, its answers say.
  mintedFor: { fact: 'installation_id' },
  countedBy: 'all',
  window: { calls: 5_000, seconds: 3_600 },
  headers: { reset: 'epoch_seconds', resource: { header: 'x-ratelimit-resource', value: 'core' } },
}

/**
 * Seconds to wait (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api): `Retry-After` first; with
 * nothing remaining until `X-RateLimit-Reset`, which is a time in seconds since 1970.
 */
export function retryAfter(headers: Headers, now: number = Date.now()): number | null {
  const asked = seconds(headers.get('retry-after'), now)
  if (asked !== null) return asked
  const reset = headers.get('x-ratelimit-reset')?.trim() ?? ''
  if (headers.get('x-ratelimit-remaining')?.trim() !== '0' || !/^\d{9,11}$/.test(reset)) return null
  return Math.max(0, Math.ceil(Number(reset) - now / 1000))
}

/** RFC 9110 section 10.2.3: seconds or a date. */
function seconds(value: string | null, now: number): number | null {
  const text = value?.trim() ?? ''
  if (/^\d{1,6}$/.test(text)) return Number(text)
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000))
}
