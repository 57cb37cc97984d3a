import type { RateLimits } from '#server/connectors/contract'

/** What an answer says of its bucket. */
export interface Reading {
  /** Calls in a window; undefined: not said. */
  limit?: number
  remaining: number
  /** Seconds until the window ends: more than 0. */
  resetsIn: number
}

/** Seconds: no window is longer. A reset that is further away is a misunderstanding, which would hold a bucket shut for as long. */
const LONGEST_WINDOW = 86_400

/** Null: it says nothing that can be understood, or tells of another bucket. */
export function readRate(headers: Headers, said: RateLimits['headers'], now: number = Date.now()): Reading | null {
  if (!said || (said.resource && (headers.get(said.resource.header)?.trim() ?? said.resource.value) !== said.resource.value)) return null
  const remaining = count(headers.get('x-ratelimit-remaining'))
  const resetsIn = said.reset === 'seconds_left' ? seconds(headers.get('x-ratelimit-reset')) : secondsUntil(headers, now)
  if (remaining === null || resetsIn === null || resetsIn <= 0 || resetsIn > LONGEST_WINDOW) return null
  const limit = count(headers.get('x-ratelimit-limit'))
  return limit ? { limit, remaining, resetsIn } : { remaining, resetsIn }
}

function count(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text.trim()) ? Number(text) : null
}

function seconds(text: string | null): number | null {
  return text !== null && /^\d{1,6}(?:\.\d+)?$/.test(text.trim()) ? Number(text) : null
}

/** By the answer's own clock, where it tells the time: ours may be another. Ten digits: neither seconds left nor milliseconds. */
function secondsUntil(headers: Headers, now: number): number | null {
  const reset = headers.get('x-ratelimit-reset')?.trim() ?? ''
  if (!/^\d{10}$/.test(reset)) return null
  const date = Date.parse(headers.get('date') ?? '')
  return Number(reset) - (Number.isNaN(date) ? now : date) / 1000
}
