/** Vercel's two ways of going on with a list: back in time, and by a token. */
import type { JsonValue } from '../store'
import { refuse } from './http'

export interface Asked { limit: number, cursor: string | null }

/** @returns what was asked for, or the refusal. @param most entries on a page, whatever is asked for */
export function askedPage(parameters: URLSearchParams, cursor: 'from' | 'until', most: number): Asked | Response {
  const limit = parameters.get('limit') ?? '20'
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > 100) return refuse(400, 'bad_request', '`limit` must be between 1 and 100')
  return { limit: Math.min(Number(limit), most), cursor: parameters.get(cursor) }
}

/** Newest first; `next` is the time of the last one on the page. */
export function byTime<T extends { createdAt: number }>(entries: readonly T[], { limit, cursor }: Asked): { shown: T[], pagination: Record<string, JsonValue> } | Response {
  if (cursor !== null && !/^\d{1,16}$/.test(cursor)) return refuse(400, 'bad_request', '`until` must be a timestamp')
  const left = [...entries].sort((a, b) => b.createdAt - a.createdAt).filter(entry => cursor === null || entry.createdAt < Number(cursor))
  const shown = left.slice(0, limit)
  const next = left.length > limit ? shown.at(-1)?.createdAt ?? null : null
  return { shown, pagination: { count: shown.length, next, prev: null } }
}

/** By an opaque token. */
export function byToken<T>(entries: readonly T[], { limit, cursor }: Asked): { shown: T[], pagination: Record<string, JsonValue> } | Response {
  const start = cursor === null ? 0 : Number(/^page_(\d{1,6})$/.exec(cursor)?.[1] ?? Number.NaN)
  if (!Number.isInteger(start)) return refuse(400, 'bad_request', '`from` is not a token of this list')
  const shown = entries.slice(start, start + limit)
  return { shown, pagination: { count: shown.length, next: start + limit < entries.length ? `page_${start + limit}` : null } }
}
