const minute = 60_000

export interface Allowance { allowed: boolean, headers: Record<string, string> }

/**
 * Calls per person and minute, whatever token they come with, with Netlify's three headers; `reset` is a time in seconds since 1970. Netlify allows 500; the
 * stand-in's default is higher, because a benchmark or a test run is one person with many scans.
 */
export function rateLimit(limit: number, now: () => number): (key: string) => Allowance {
  const windows = new Map<string, { until: number, used: number }>()
  return (key) => {
    const open = windows.get(key)
    const window = open && open.until > now() ? open : { until: now() + minute, used: 0 }
    windows.set(key, window)
    window.used += 1
    return {
      allowed: window.used <= limit,
      headers: {
        'date': new Date(now()).toUTCString(),
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
        'x-ratelimit-reset': String(Math.ceil(window.until / 1000)),
      },
    }
  }
}
