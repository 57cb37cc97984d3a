const minute = 60_000

/**
 * Calls per method, installation and minute (https://docs.slack.dev/apis/web-api/rate-limits). Slack's tiers begin at one a minute; the
 * stand-in's default is far higher, because a test run is one workspace with many scans.
 * @returns seconds to wait, or null: go on
 */
export function rateLimit(limit: number | Readonly<Record<string, number>>, now: () => number): (method: string, account: string) => number | null {
  const windows = new Map<string, { until: number, used: number }>()
  return (method, account) => {
    const key = `${method} ${account}`
    const most = typeof limit === 'number' ? limit : limit[method] ?? Infinity
    const open = windows.get(key)
    const window = open && open.until > now() ? open : { until: now() + minute, used: 0 }
    windows.set(key, window)
    window.used += 1
    return window.used <= most ? null : Math.max(1, Math.ceil((window.until - now()) / 1000))
  }
}
