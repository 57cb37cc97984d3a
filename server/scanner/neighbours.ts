/** What the organization's other connections told of their resources, as it was kept. */
import { z } from 'zod'
import { tellsOf } from '#server/cross'
import type { Neighbour, Neighbours } from '#server/cross/contract'
import type { Connector } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { parseSignals, type SignalKind } from '#server/connectors/signals'
import { serviceClient } from '#server/database/clients'
import { everyRow, FIRST_ID, ROWS } from '#server/database/every-row'
import type { IntegrationRow } from '#server/integrations/row'

export interface Connection { id: string, name: string, connector: Connector }

/** The organization's other connections of the same world (real, or the sandbox), by what they can tell. */
export async function otherConnections(row: Pick<IntegrationRow, 'id' | 'organizationId' | 'sandbox'>): Promise<Connection[]> {
  const rows = await everyRow<{ id: string, name: string, integration_type: string }>(last => serviceClient().from('integrations').select('id, name, integration_type')
    .eq('organization_id', row.organizationId).eq('sandbox', row.sandbox).neq('id', row.id).gt('id', last?.id ?? FIRST_ID).order('id').limit(ROWS))
  return rows.flatMap(({ id, name, integration_type: type }) => {
    const connector = findConnector(type)
    return connector ? [{ id, name, connector }] : []
  })
}

/** Everything that these connections told of these kinds, by their resources that are listed and switched on. */
export async function readNeighbours(organizationId: string, connections: readonly Connection[], kinds: ReadonlySet<SignalKind>): Promise<Neighbours> {
  const all = new Map<SignalKind, Neighbour[]>()
  for (const kind of kinds) all.set(kind, await neighboursOf(organizationId, connections.filter(({ connector }) => tellsOf(connector).has(kind)), kind))
  // Under a kind stand the facts of that kind alone.
  return { of: <K extends SignalKind>(kind: K) => (all.get(kind) ?? []) as unknown as readonly Neighbour<K>[] }
}

async function neighboursOf(organizationId: string, connections: readonly Connection[], kind: SignalKind): Promise<Neighbour[]> {
  if (connections.length === 0) return []
  const byId = new Map(connections.map(connection => [connection.id, connection]))
  const resources = await everyRow<{ id: string, kind: string, name: string, integration_id: string }>(last => serviceClient().from('integration_resources')
    .select('id, kind, name, integration_id').eq('organization_id', organizationId).in('integration_id', [...byId.keys()]).eq('enabled', true).is('missing_since', null)
    .gt('id', last?.id ?? FIRST_ID).order('id').limit(ROWS))
  const told = await everyRow<{ resource_id: string, facts: unknown, unknown: string | null, seen_at: string }>(last => serviceClient().from('integration_signals')
    .select('resource_id, facts, unknown, seen_at').eq('organization_id', organizationId).eq('kind', kind).in('integration_id', [...byId.keys()])
    .gt('resource_id', last?.resource_id ?? FIRST_ID).order('resource_id').limit(ROWS))
  const byResource = new Map(told.map(one => [one.resource_id, one]))
  return resources.flatMap(({ id, integration_id, ...resource }) => {
    const connection = byId.get(integration_id)
    if (!connection || !tellsOf(connection.connector, resource).has(kind)) return []
    return [{ connection: connection.name, provider: connection.connector.name, resource, ...stored(kind, byResource.get(id)) }]
  })
}

const times = z.coerce.date()

function stored(kind: SignalKind, row: { facts: unknown, unknown: string | null, seen_at: string } | undefined): Pick<Neighbour, 'facts' | 'unknown' | 'seenAt'> {
  if (!row) return { facts: [], unknown: null, seenAt: null }
  try {
    return { facts: parseSignals(kind, row.facts), unknown: row.unknown, seenAt: times.parse(row.seen_at) }
  }
  catch {
    // Written by another version: as good as not read.
    return { facts: [], unknown: null, seenAt: null }
  }
}
