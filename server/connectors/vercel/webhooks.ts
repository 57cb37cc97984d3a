/**
 * What Vercel tells an integration (https://vercel.com/docs/webhooks/webhooks-api). `x-vercel-signature` is the HMAC-SHA1 of
 * the raw body in hex, under the integration's client secret. SHA-1 is Vercel's choice: as an HMAC it stands.
 *
 * The signature covers no time of its own, so the body's `createdAt` bounds a replay: own policy, as Vercel publishes no
 * schedule of its retries. Whoever receives keeps `id` for longer than that, and takes each once.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Delivery, Webhooks } from '../contract'
import { eventsOf } from './events'

const hour = 3_600_000
/** Milliseconds. */
export const deliveryWindow = { oldest: 48 * hour, newest: hour / 12 }

/** Milliseconds since 1970, or a date as text: the documentation has had both. */
const time = z.union([z.number(), z.string().transform(value => Date.parse(value))])
const envelope = z.object({ id: z.string().min(1).max(200), type: z.string().min(1).max(200), createdAt: time, payload: z.unknown() })

function verify({ headers, body }: Delivery, key: string, now: Date): boolean {
  const sent = headers.get('x-vercel-signature') ?? ''
  if (key === '' || !/^[0-9a-f]{40}$/i.test(sent)) return false
  const due = createHmac('sha1', key).update(body).digest()
  if (!timingSafeEqual(due, Buffer.from(sent, 'hex'))) return false
  const parsed = envelope.safeParse(json(body))
  const age = parsed.success ? now.getTime() - parsed.data.createdAt : Number.NaN
  return age <= deliveryWindow.oldest && age >= -deliveryWindow.newest
}

function parse({ body }: Delivery): ReturnType<Webhooks['parse']> {
  const { id, type, createdAt, payload } = envelope.parse(json(body))
  const at = new Date(createdAt)
  const dated = Number.isNaN(at.getTime()) ? {} : { at: at.toISOString() }
  return { id, events: eventsOf(type, payload).map(event => ({ ...event, ...dated })) }
}

function json(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  }
  catch {
    return undefined
  }
}

export const webhooks = { key: 'client_secret', verify, parse } satisfies Webhooks
