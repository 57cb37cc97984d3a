import { z } from 'zod'
import type { ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { FIRST_ID } from '#server/database/every-row'
import { unwrap } from '#server/database/result'

/** A resource that is going to be scanned. */
export interface Target extends ResourceDescription { id: string }

/** Read at once; the next ones are read meanwhile. */
const PAGE = 100
const metadataSchema = z.record(z.string(), z.json()).catch({})

/**
 * The resources of an integration that are switched on and still there, by their ids: all of them, whose number no provider
 * limits, a few at a time.
 * @param after the id of the last one that is done; null: from the first
 */
export async function* enabledTargets(integrationId: string, after: string | null): AsyncGenerator<Target> {
  const read = async (last: string) => unwrap(await serviceClient().from('integration_resources').select('id, kind, external_id, name, metadata')
    .eq('integration_id', integrationId).eq('enabled', true).is('missing_since', null).gt('id', last).order('id').limit(PAGE))
  let rows = await read(after ?? FIRST_ID)
  for (let last = rows.at(-1); last; last = rows.at(-1)) {
    const next = read(last.id)
    // Asked for again below, unless nobody wants more.
    next.catch(() => {})
    for (const { id, kind, external_id, name, metadata } of rows) yield { id, kind, externalId: external_id, name, metadata: metadataSchema.parse(metadata) }
    rows = await next
  }
}

/** How many there are of each kind, after the one that is done. */
export async function countTargets(integrationId: string, after: string | null): Promise<{ kind: string, targets: number }[]> {
  return unwrap(await serviceClient().rpc('count_targets', { p_integration_id: integrationId, p_after: after ?? FIRST_ID }))
}
