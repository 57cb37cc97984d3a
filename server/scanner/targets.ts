import { z } from 'zod'
import type { ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { everyRow, FIRST_ID, ROWS } from '#server/database/every-row'

/** A resource that is going to be scanned. */
export interface Target extends ResourceDescription { id: string }

const metadataSchema = z.record(z.string(), z.json()).catch({})

/** The resources of an integration that are switched on and still there: all of them, whose number no provider limits. */
export async function enabledTargets(integrationId: string): Promise<Target[]> {
  const rows = await everyRow<{ id: string, kind: string, external_id: string, name: string, metadata: unknown }>(last =>
    serviceClient().from('integration_resources').select('id, kind, external_id, name, metadata')
      .eq('integration_id', integrationId).eq('enabled', true).is('missing_since', null).gt('id', last?.id ?? FIRST_ID).order('id').limit(ROWS))
  return rows.map(({ id, kind, external_id, name, metadata }) => ({ id, kind, externalId: external_id, name, metadata: metadataSchema.parse(metadata) }))
}
