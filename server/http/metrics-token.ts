import { createHash, timingSafeEqual } from 'node:crypto'
import { getRequestHeader, type H3Event } from 'h3'
import { AppError } from '#server/errors'
import { env } from '#server/utils/env'

/**
 * Whoever collects metrics shows METRICS_TOKEN. Without the variable there is no such call.
 * @throws AppError not_found, unauthorized
 */
export function requireMetricsToken(event: H3Event): void {
  const { metricsToken } = env()
  if (metricsToken === null) throw new AppError('not_found', 'There is no such call.')
  const given = /^Bearer (\S+)$/i.exec(getRequestHeader(event, 'authorization') ?? '')?.[1] ?? ''
  // Hashes, so that neither the content nor the length of the token shows in the time that this takes.
  if (!timingSafeEqual(digest(given), digest(metricsToken))) throw new AppError('unauthorized', 'Send the METRICS_TOKEN.', { headers: { 'www-authenticate': 'Bearer' } })
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
