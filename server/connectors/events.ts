/** What a provider tells us. Part of the contract. */
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

export interface Webhooks {
  /** The setting that holds the key that deliveries are signed with, or the client secret. */
  key: 'client_secret' | { setting: string }
  /** Over the raw bytes, in constant time; false without a signature, or outside of the provider's time window. */
  verify: (delivery: Delivery, key: string, now: Date) => boolean
  /** After `verify`. `challenge` is to be sent back; `id` is the same for each redelivery. @throws ZodError */
  parse: (delivery: Delivery) => { challenge: string } | { id: string, events: readonly ProviderEvent[] }
}
