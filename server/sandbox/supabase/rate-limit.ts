const minute = 60_000

export interface Allowance { allowed: boolean, headers: Record<string, string> }

/**
 * Calls per operation and minute, with Supabase's three headers; `reset` is in seconds left. Supabase allows 120; the
 * stand-in's default is higher, because a benchmark or a test run is one tenant with many scans.
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
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
        'x-ratelimit-reset': String(Math.ceil((window.until - now()) / 1000)),
      },
    }
  }
}
