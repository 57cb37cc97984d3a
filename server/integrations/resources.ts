import type { ResourceDescription } from '#server/connectors/contract'

/** What a grant reaches, as `sync_resources` takes it: each once, however often the provider lists it. */
export function resourceRows(found: readonly ResourceDescription[]) {
  const rows = found.map(({ kind, externalId, name, metadata }) => ({ kind, external_id: externalId, name, metadata }))
  return [...new Map(rows.map(row => [row.external_id, row])).values()]
}
