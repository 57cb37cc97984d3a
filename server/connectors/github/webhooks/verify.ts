/**
 * `X-Hub-Signature-256: sha256=` and the hex HMAC-SHA256 of the raw body
 * (https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries). There is no time in it: what guards against
 * a replay is `X-GitHub-Delivery`, which a redelivery keeps.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Delivery } from '../../contract'

export function verify({ headers, body }: Delivery, key: string): boolean {
  const sent = /^sha256=([0-9a-f]{64})$/i.exec(headers.get('x-hub-signature-256') ?? '')?.[1]
  if (sent === undefined || key === '') return false
  return timingSafeEqual(Buffer.from(sent, 'hex'), createHmac('sha256', key).update(body).digest())
}
