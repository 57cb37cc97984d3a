/** What a resource tells the organization's other connections: asked, kept in portions, and looked up by them. */
import { z } from 'zod'
import { publishersOf, tellsOf } from '#server/connectors/cross'
import type { Neighbour, Neighbours, Told } from '#server/connectors/cross/contract'
import type { ApiReader, Connector, SignalPublisher } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { parseSignals, type Signal, type SignalKind, Unread } from '#server/connectors/signals'
import { serviceClient } from '#server/database/clients'
import { everyRow, FIRST_ID, ROWS } from '#server/database/every-row'
import { unwrap } from '#server/database/result'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import type { IntegrationRow } from '#server/integrations/row'
import { log } from '#server/utils/log'
import { unverified } from './evaluate'
import type { Target } from './targets'

/** Will pass: what is known of a resource stays as it was, and grows old. */
const passing: ReadonlySet<ProviderErrorKind> = new Set(['unreachable', 'timeout', 'rate_limited', 'server_error'])

export interface Portrait {
  told: Map<SignalKind, Told>
  /** What an answer that will come back said nothing of: not to be written over. */
  passed: ReadonlySet<SignalKind>
}

/** Asks a resource for all that it tells. @param missing the permissions among these calls' that the grant is known to lack */
export async function portrait(
  connector: Connector, target: Target, api: ApiReader, missing: (reads: SignalPublisher['reads']) => readonly string[], now: Date,
): Promise<Portrait> {
  const told = new Map([...tellsOf(connector, target)].map((kind): [SignalKind, { facts: Signal[], unknown: string | null }] => [kind, { facts: [], unknown: null }]))
  const passed = new Set<SignalKind>()
  const unavailable = connector.unavailable(target)
  for (const publisher of publishersOf(connector, target)) {
    const answers: Record<string, unknown> = {}
    for (const [name, endpoint] of Object.entries(publisher.reads)) {
      try {
        const [lacking] = missing({ endpoint })
        const why = unavailable ?? (lacking === undefined ? null : `The grant lacks a permission. It needs ${lacking}.`)
        answers[name] = why === null ? await api.get(endpoint, target) : new Unread(why)
      }
      catch (error) {
        if (!(error instanceof ProviderError)) throw error
        const { verdict, summary } = unverified(error, endpoint)
        answers[name] = new Unread(summary, verdict === 'not_applicable')
        if (passing.has(error.kind)) publisher.tells.forEach(kind => passed.add(kind))
      }
    }
    for (const one of derived(publisher, answers, target, now)) {
      const kind = one.kind === 'unknown' ? one.of : one.kind
      const list = told.get(kind)
      if (!list) continue
      if (one.kind !== 'unknown') list.facts.push(one)
      // What is switched off at the provider holds nothing back: it is not asked, and others need not wait for its word.
      else if (unavailable === null) list.unknown ??= one.why
    }
  }
  return { told, passed }
}

function derived(publisher: SignalPublisher, answers: Record<string, unknown>, resource: Target, now: Date): ReturnType<SignalPublisher['derive']> {
  try {
    // The answers were parsed by the very endpoints that `reads` names.
    return publisher.derive(answers as Parameters<SignalPublisher['derive']>[0], { resource, now })
  }
  catch (error) {
    log.error('a publisher of signals threw', { tells: publisher.tells, error })
    return publisher.tells.map(of => ({ kind: 'unknown', of, why: 'What it says of itself could not be read: a defect on our side.' }))
  }
}

export interface Telling { target: Target, portrait: Portrait, seenAt: Date }

/** In the place of what these resources had told. */
export async function keepSignals(row: Pick<IntegrationRow, 'id' | 'organizationId'>, tellings: readonly Telling[]): Promise<void> {
  if (tellings.length === 0) return
  unwrap(await serviceClient().rpc('record_signals', {
    p_integration_id: row.id, p_organization_id: row.organizationId,
    p_told: tellings.map(({ target, portrait: { told, passed }, seenAt }) => ({
      resource_id: target.id, seen_at: seenAt.toISOString(), every_kind: [...told.keys()],
      kinds: [...told].filter(([kind]) => !passed.has(kind)).map(([kind, { facts, unknown }]) => ({ kind, facts: [...facts], unknown })),
    })),
  }))
}

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
