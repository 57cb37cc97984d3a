/**
 * The Events API, https://docs.slack.dev/apis/events-api. A delivery is signed with the app's signing secret: `v0=` and the
 * HMAC-SHA256, in hex, of `v0:<timestamp>:<body>` (https://docs.slack.dev/authentication/verifying-requests-from-slack). The
 * timestamp is part of what is signed, so an old delivery cannot be made young.
 */
import { Buffer } from 'node:buffer'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Delivery, Webhooks } from '../contract'
import { readDelivery } from './events'

/** Slack's own advice: more than five minutes off is a replay. */
const windowSeconds = 300

function verify({ headers, body }: Delivery, key: string, now: Date): boolean {
  const timestamp = headers.get('x-slack-request-timestamp') ?? ''
  const signature = /^v0=([0-9a-f]{64})$/.exec(headers.get('x-slack-signature') ?? '')?.[1]
  if (key === '' || signature === undefined || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > windowSeconds) return false
  const expected = createHmac('sha256', key).update(`v0:${timestamp}:`).update(body).digest()
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'))
}

export const webhooks: Webhooks = {
  key: { setting: 'SIGNING_SECRET' },
  verify,
  parse: ({ body }) => readDelivery(body),
}
