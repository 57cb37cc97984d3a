/**
 * The headers of Standard Webhooks (https://www.standardwebhooks.com, version 1): an id by which the receiver drops what
 * it has already, the time at which it was sent, and HMAC-SHA256 over `id.timestamp.body`. Without a secret the first
 * two go alone.
 */
import { createHmac } from 'node:crypto'

/** @param secret `whsec_` and base64; null: unsigned */
export function webhookHeaders(id: string, body: string, secret: string | null, now: Date): Record<string, string> {
  const timestamp = String(Math.floor(now.getTime() / 1000))
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp }
  if (secret === null) return headers
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return { ...headers, 'webhook-signature': `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}` }
}
