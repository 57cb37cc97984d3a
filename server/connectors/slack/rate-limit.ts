/** Seconds to wait after a 429: Slack says it in `Retry-After`, in whole seconds (https://docs.slack.dev/apis/web-api/rate-limits). */
export function retryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after')?.trim() ?? ''
  return /^\d{1,6}$/.test(value) ? Number(value) : null
}
