import { refuse } from './http'

const minute = 60_000

export interface Allowance { headers: Record<string, string>, refused: Response | null }

/** Calls per endpoint, account and minute, with Vercel's headers and the same in the body: `reset` is a time, in seconds since 1970. */
export function rateLimit(limit: number, now: () => number): (endpoint: string) => Allowance {
  const windows = new Map<string, { until: number, used: number }>()
  return (endpoint) => {
    const open = windows.get(endpoint)
    const window = open && open.until > now() ? open : { until: now() + minute, used: 0 }
    windows.set(endpoint, window)
    window.used += 1
    const remaining = Math.max(0, limit - window.used)
    const reset = Math.ceil(window.until / 1000)
    const headers = { 'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset': String(reset) }
    return { headers, refused: window.used <= limit ? null : refuse(429, 'rate_limited', 'The rate limit is exceeded', { limit: { remaining, reset, total: limit } }, headers) }
  }
}
