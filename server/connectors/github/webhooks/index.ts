import type { Webhooks } from '../../contract'
import { parse } from './parse'
import { verify } from './verify'

export const webhooks = {
  key: { setting: 'WEBHOOK_SECRET' },
  verify,
  // What GitHub caps payloads at, https://docs.github.com/en/webhooks/webhook-events-and-payloads. A removal lists all repositories.
  maxBytes: 25 * 1024 * 1024,
  parse,
} satisfies Webhooks
