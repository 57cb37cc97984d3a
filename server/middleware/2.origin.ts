import { defineEventHandler, getRequestHeader } from 'h3'
import { AppError } from '#server/errors'
import { sendProblem } from '#server/http/route'
import { env } from '#server/utils/env'

/** Called by servers, and by signature alone: no cookie is looked at there. */
const open = /^\/api\/webhooks\/[^/?]+(?:\?|$)/
const safe = ['GET', 'HEAD', 'OPTIONS']

/**
 * An unsafe call that a browser makes from another site is refused (CSRF). Browsers say where a call comes from, in
 * `Sec-Fetch-Site` or `Origin`, and a page can't change either; a caller that sends neither is no browser. A call with
 * its own credential in `Authorization` can't be made by accident.
 */
export default defineEventHandler(async (event) => {
  if (!event.path.startsWith('/api/') || open.test(event.path) || safe.includes(event.method) || getRequestHeader(event, 'authorization') !== undefined) return
  if (isSameOrigin(getRequestHeader(event, 'sec-fetch-site'), getRequestHeader(event, 'origin'), getRequestHeader(event, 'host'))) return
  await sendProblem(event, new AppError('origin_mismatch', 'Call from the application\'s own pages, or with an Authorization header.'))
})

function isSameOrigin(site: string | undefined, origin: string | undefined, host: string | undefined): boolean {
  if (origin !== undefined) {
    if (origin === new URL(env().appUrl).origin) return true
    return URL.canParse(origin) && new URL(origin).host === host && (site === undefined || site === 'same-origin')
  }
  return site === undefined || site === 'same-origin' || site === 'none'
}
