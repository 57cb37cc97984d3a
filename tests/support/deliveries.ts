/** Deliveries as the test connector `noisy` sends them, signed. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Rooms } from './rooms.ts'
import { noisySignature } from './test-connectors.ts'

export const signingKey = randomBytes(32).toString('hex')

export interface NoisyEvent { what: string, account: string, installation?: string, at?: string, resource?: string }

/** @param key null: unsigned */
export function signedDelivery(body: string | object, key: string | null = signingKey): { body: string, headers: Record<string, string> } {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { body: text, headers: { 'content-type': 'application/json', ...(key === null ? {} : { 'x-noisy-signature': noisySignature(text, key) }) } }
}

export const delivery = (events: NoisyEvent[], id: string = randomUUID()) => signedDelivery({ id, events })

export interface Receipt { provider: string, sandbox: boolean, delivery_id: string, events: unknown[], processed: boolean }

export const receipts = (rooms: Rooms) => rooms.sql<Receipt & Record<string, unknown>>(
  'select provider, sandbox, delivery_id, events, processed_at is not null as processed from public.webhook_receipts order by received_at, id')
