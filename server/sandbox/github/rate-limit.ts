const hour = 3_600_000

export interface Allowance { allowed: boolean, headers: Record<string, string> }

/** Calls per hour; `reset` is a time in seconds since 1970, and being out of calls is a 403. */
export function rateLimit(limit: number, now: () => number): (key: string) => Allowance {
  const windows = new Map<string, { until: number, used: number }>()
  return (key) => {
    const open = windows.get(key)
    const window = open && open.until > now() ? open : { until: now() + hour, used: 0 }
    windows.set(key, window)
    window.used += 1
    return {
      allowed: window.used <= limit,
      headers: {
        'x-ratelimit-limit': String(limit),
        'x-ratelimit-remaining': String(Math.max(0, limit - window.used)),
        'x-ratelimit-used': String(Math.min(limit, window.used)),
        'x-ratelimit-resource': 'core',
        'x-ratelimit-reset': String(Math.ceil(window.until / 1000)),
      },
    }
  }
}
