/** What a provider tells us. Part of the contract. */
import { z } from 'zod'
import type { GrantFacts } from './endpoint'

/** A call that the provider made to us. */
export interface Delivery { headers: Headers, body: Uint8Array }

/** What happened at the provider, to the grants of one account. */
export interface ProviderEvent {
  /** `ended`: the grant is gone. `resources`: look at what there is. `permissions`: the grant has others now. `changed`: scan again. */
  what: 'ended' | 'suspended' | 'resumed' | 'resources' | 'permissions' | 'changed'
  /** Of `ExternalAccount`. Undefined where the provider does not say whose: any account's grants that have the facts. */
  accountId?: string
  /** Facts that the grant must have: a late event of an old installation must not end a newer one. */
  facts?: GrantFacts
  /** ISO 8601: when it happened, if the provider says so. Events that come late or out of order are known by it. */
  at?: string
  /** With `changed`: the resource's external id, when it is one. */
  resourceId?: string
}

/** Seconds since 1970 that a date of ISO 8601 with four digits for its year can have. */
export const secondsSince1970 = z.number().int().positive().max(253_402_300_799)

/**
 * For `at`, where a provider tells whole seconds. It is the second's end that counts: nobody reconnects within the second in which
 * they removed the app, but a connection may well be made and removed within one.
 */
export function endOfSecond(seconds: number): string {
  return new Date(seconds * 1000 + 999).toISOString()
}

export interface Webhooks {
  /** The setting that holds the key that deliveries are signed with, or the client secret. */
  key: 'client_secret' | { setting: string }
  /** Over the raw bytes, in constant time; false without a signature, or outside of the provider's time window. */
  verify: (delivery: Delivery, key: string, now: Date) => boolean
  /** Bytes of the largest delivery that the provider sends. Default: 1 MiB. */
  maxBytes?: number
  /** After `verify`. `challenge` is to be sent back; `id` is the same for each redelivery. @throws ZodError */
  parse: (delivery: Delivery) => { challenge: string } | { id: string, events: readonly ProviderEvent[] }
}
