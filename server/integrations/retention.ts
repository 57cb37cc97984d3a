import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'

/** A flow's cookie opens for ten minutes; after a day its state is only weight. @returns how many were forgotten */
export async function pruneStates(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('used_oauth_states').delete().lt('used_at', before).select('state_hash')).length
}

/** Of an attempt to renew a credential, its result is history after a month; one without a result stays and counts. */
export async function pruneJournal(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 30 * 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('refresh_journal').delete().lt('ended_at', before).neq('state', 'uncertain').select('id')).length
}

/** What providers told us, once applied: kept for as long as any of them might send it again. */
export async function pruneDeliveries(now = new Date()): Promise<number> {
  const before = new Date(now.getTime() - 30 * 24 * 3600 * 1000).toISOString()
  return unwrap(await serviceClient().from('webhook_receipts').delete().lt('received_at', before).not('processed_at', 'is', null).select('id')).length
}

/** Data keys that were replaced and hold nothing any more. @returns how many were dropped */
export async function pruneKeys(): Promise<number> {
  return unwrap(await serviceClient().rpc('drop_empty_keys'))
}
