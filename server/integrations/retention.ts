import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'

/** A flow's cookie opens for ten minutes; after a day its state is only weight. @returns how many were forgotten */
export async function pruneStates(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('used_oauth_states').delete().lt('used_at', before).select('state_hash')).length
}

/** A grant is stored within minutes: after a day, nobody asks whether it was ended on the way. @returns how many were forgotten */
export async function pruneEndings(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('installation_endings').delete().lt('ended_at', before).select('id')).length
}

/** Integrations whose abandoned attempts are ended at once. */
const SETTLED_AT_ONCE = 1_000

/**
 * Of an attempt to renew a credential, its result is history after a month; one without a result stays and counts. One that
 * nobody is at any more is told so: after a reconnect, no other attempt may come by. @returns how many results were forgotten
 */
export async function pruneJournal(now = new Date()): Promise<number> {
  unwrap(await askAgain(() => serviceClient().rpc('settle_refreshes', { p_limit: SETTLED_AT_ONCE })))
  const before = new Date(now.getTime() - 30 * 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('refresh_journal').delete().lt('ended_at', before).neq('state', 'uncertain').select('id')).length
}

/** What providers told us, once applied: kept for as long as any of them might send it again. */
export async function pruneDeliveries(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 30 * 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('webhook_receipts').delete().lt('received_at', before).not('processed_at', 'is', null).select('id')).length
}

/** What providers count together, a day after its last window: nobody calls there any more. @returns how many were forgotten */
export async function pruneBuckets(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('rate_buckets').delete().lt('resets_at', before)
    .or(`blocked_until.is.null,blocked_until.lt.${before}`).select('key')).length
}

/** Data keys that were replaced and hold nothing any more. @returns how many were dropped */
export async function pruneKeys(): Promise<number> {
  return unwrap(await askAgain(() => serviceClient().rpc('drop_empty_keys')))
}
