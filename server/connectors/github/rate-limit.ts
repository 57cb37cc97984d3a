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
