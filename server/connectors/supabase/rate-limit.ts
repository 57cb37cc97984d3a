import type { RateLimits } from '../contract'

/**
 * 120 calls a minute for each endpoint of each project or organization, counted per OAuth app: all customers of this installation
 * share them, and for what names neither (`/v1/projects`) they share one bucket. The endpoints with a stricter limit are none of
 * those that are read. https://supabase.com/docs/reference/api/introduction (rate limits)
 */
export const limits: RateLimits = { countedFor: 'app', countedBy: 'path', window: { calls: 120, seconds: 60 }, headers: { reset: 'seconds_left' } }

/**
 * Seconds to wait after a 429. Supabase's `X-RateLimit-Reset` is the number of seconds left, not a time
 * (https://supabase.com/docs/reference/api/introduction, rate limits); `Retry-After` is not documented but read in case a
 * gateway sends it (RFC 9110 section 10.2.3: seconds or a date). The longer one counts.
 */
export function retryAfter(headers: Headers): number | null {
  const waits = [seconds(headers.get('x-ratelimit-reset')), seconds(headers.get('retry-after')) ?? secondsUntil(headers.get('retry-after'))]
    .filter(wait => wait !== null)
  return waits.length > 0 ? Math.max(...waits) : null
}

function seconds(value: string | null): number | null {
  return value !== null && /^\d{1,6}(\.\d+)?$/.test(value.trim()) ? Math.ceil(Number(value)) : null
}

function secondsUntil(value: string | null): number | null {
  const at = value === null ? Number.NaN : Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - Date.now()) / 1000))
}
