/**
 * The part of a scan that two connections answer together: each resource tells what it knows of itself, and is asked with what
 * the organization's others told. Own facts are those of this very scan; the others' are as they stood when it began.
 */
import { crossChecksOf, tellsOf } from '#server/connectors/cross'
import type { CrossCheck, Neighbours, Told } from '#server/connectors/cross/contract'
import type { ApiReader, Evaluation, SignalPublisher } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { notApplicable, unverified } from '#server/connectors/verdict'
import type { SignalKind } from '#server/connectors/signals'
import type { IntegrationRow } from '#server/integrations/row'
import { log } from '#server/utils/log'
import { keepSignals, otherConnections, portrait, readNeighbours, type Telling } from './signals'
import type { Target } from './targets'

/** Resources whose facts are written in one call. */
const PORTION = 100

export interface Asked extends Evaluation { check: CrossCheck, checkedAt: Date }

export interface CrossStep {
  /** How many questions `ask` will have about a resource. */
  count: (target: Target) => number
  /** After the resource's own checks. Calls nothing that they have not called, where they are switched on. */
  ask: (target: Target, api: ApiReader) => Promise<Asked[]>
  /** Writes what is left of the facts. After the last `ask`. */
  finish: () => Promise<void>
}

/**
 * @param enabled what `enabled_checks` names
 * @param missing the permissions among these calls' that the grant is known to lack
 */
export async function openCrossStep(
  row: Pick<IntegrationRow, 'id' | 'organizationId' | 'sandbox' | 'connector'>, enabled: readonly string[], missing: (reads: SignalPublisher['reads']) => readonly string[],
): Promise<CrossStep> {
  const { connector } = row
  const checks = (target?: Target) => crossChecksOf(connector, target).filter(check => enabled.includes(check.category) || enabled.includes(check.id))
  const connections = checks().length > 0 ? await otherConnections(row) : []
  const able = new Set(connections.flatMap(connection => [...tellsOf(connection.connector)]))
  const neighbours = await readNeighbours(row.organizationId, connections, new Set(checks().map(check => check.needs)))
  let tellings: Telling[] = []

  async function keep(least: number): Promise<void> {
    if (tellings.length < least) return
    const portion = tellings
    tellings = []
    await keepSignals(row, portion)
  }

  return {
    count: target => checks(target).length,
    ask: async (target, api) => {
      if (tellsOf(connector, target).size === 0) return []
      const now = new Date()
      const own = await portrait(connector, target, api, missing, now)
      tellings.push({ target, portrait: own, seenAt: now })
      await keep(PORTION)
      const unavailable = connector.unavailable(target)
      return checks(target).map(check => ({
        check, checkedAt: now,
        ...unavailable === null ? judge(check, own.told.get(check.subject), able.has(check.needs), neighbours, now) : notApplicable(unavailable),
      }))
    },
    finish: () => keep(1),
  }
}

function judge(check: CrossCheck, own: Told | undefined, answerable: boolean, neighbours: Neighbours, now: Date): Evaluation {
  const { facts, unknown } = own ?? { facts: [], unknown: null }
  if (facts.length === 0) return unknown === null ? notApplicable(check.without) : unverified(unknown)
  if (!answerable) return noConnection(check.needs)
  try {
    return check.evaluate({ facts, unknown }, neighbours, { now })
  }
  catch (error) {
    log.error('a check threw', { check_id: check.id, error })
    return unverified('The check itself failed: a defect on our side.', { reason: 'check_failed' })
  }
}

function noConnection(kind: SignalKind): Evaluation {
  const names = allConnectors().filter(connector => tellsOf(connector).has(kind)).map(connector => connector.name)
  return notApplicable(`Connect ${new Intl.ListFormat('en', { type: 'disjunction' }).format(names)} to have this checked.`, { reason: 'no_connection', connect: names })
}
