/** What a resource tells the organization's other connections: asked with the answers of a scan, and kept. */
import { publishersOf, tellsOf } from '#server/cross'
import type { Told } from '#server/cross/contract'
import type { ApiReader, Connector, Endpoint, SignalPublisher } from '#server/connectors/contract'
import { type Signal, type SignalKind, Unread } from '#server/connectors/signals'
import { serviceClient } from '#server/database/clients'
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

/** Asks a resource for all that it tells. @param notAsked a sentence why a call is not made, or null */
export async function portrait(
  connector: Connector, target: Target, api: ApiReader, notAsked: (call: Endpoint) => string | null, now: Date,
): Promise<Portrait> {
  const told = new Map([...tellsOf(connector, target)].map((kind): [SignalKind, { facts: Signal[], unknown: string | null }] => [kind, { facts: [], unknown: null }]))
  const passed = new Set<SignalKind>()
  const unavailable = connector.unavailable(target)
  for (const publisher of publishersOf(connector, target)) {
    const answers: Record<string, unknown> = {}
    for (const [name, endpoint] of Object.entries(publisher.reads)) {
      try {
        const why = unavailable ?? notAsked(endpoint)
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

/** Resources whose facts are written in one call. */
const PORTION = 100

/** In the place of what these resources had told. */
export async function keepSignals(row: Pick<IntegrationRow, 'id' | 'organizationId'>, tellings: readonly Telling[]): Promise<void> {
  for (let from = 0; from < tellings.length; from += PORTION) await keepPortion(row, tellings.slice(from, from + PORTION))
}

async function keepPortion(row: Pick<IntegrationRow, 'id' | 'organizationId'>, tellings: readonly Telling[]): Promise<void> {
  unwrap(await serviceClient().rpc('record_signals', {
    p_integration_id: row.id, p_organization_id: row.organizationId,
    p_told: tellings.map(({ target, portrait: { told, passed }, seenAt }) => ({
      resource_id: target.id, seen_at: seenAt.toISOString(), every_kind: [...told.keys()],
      kinds: [...told].filter(([kind]) => !passed.has(kind)).map(([kind, { facts, unknown }]) => ({ kind, facts: [...facts], unknown })),
    })),
  }))
}
