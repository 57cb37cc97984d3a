import { Buffer } from 'node:buffer'

/** Slack gives fewer than were asked for when it likes; here it likes to, so that whoever stops at a short page is found out. */
const mostPerPage = 20

/** https://docs.slack.dev/apis/web-api/pagination: `next` is empty at the end. */
export function pageOf<T>(items: readonly T[], args: URLSearchParams): { items: T[], next: string } | { refused: string } {
  const limit = Number(args.get('limit') ?? 100)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) return { refused: 'invalid_limit' }
  const start = startOf(args.get('cursor') ?? '')
  if (start === null || start > items.length) return { refused: 'invalid_cursor' }
  const end = start + Math.min(limit, mostPerPage)
  return { items: items.slice(start, end), next: end < items.length ? Buffer.from(`from:${end}`).toString('base64') : '' }
}

function startOf(cursor: string): number | null {
  if (cursor === '') return 0
  const found = /^from:(\d{1,6})$/.exec(Buffer.from(cursor, 'base64').toString('utf8'))?.[1]
  return found === undefined ? null : Number(found)
}
