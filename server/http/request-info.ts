import type { H3Event } from 'h3'
import { getRequestHeader, getRequestIP } from 'h3'
import type { RequestInfo } from '#server/audit'
import { env } from '#server/utils/env'

declare module 'h3' {
  interface H3EventContext { requestId?: string }
}

/** Where a request came from, for the audit log and the rate limits. */
export function requestInfo(event: H3Event): RequestInfo {
  return {
    ip: (forwardedFor(event) ?? getRequestIP(event) ?? 'unknown').replace(/^::ffff:/, ''),
    userAgent: getRequestHeader(event, 'user-agent')?.slice(0, 300) ?? null,
    requestId: event.context.requestId ?? 'none',
  }
}

/** The address that the nearest proxy saw: the last one, since a caller can write what it likes before it. */
function forwardedFor(event: H3Event): string | undefined {
  if (!env().trustProxy) return undefined
  return getRequestHeader(event, 'x-forwarded-for')?.split(',').at(-1)?.trim() || undefined
}
