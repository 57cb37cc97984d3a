/**
 * The part of a scan that two connections answer together: each resource tells what it knows of itself, and is asked with what
 * the organization's others told. Own facts are those of this very scan; the others' are as they stood when it began.
 */
import { crossChecksOf, tellsOf } from '#server/cross'
import type { CrossCheck, Neighbours, Told } from '#server/cross/contract'
import type { ApiReader, Endpoint, Evaluation, SignalPublisher } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { notApplicable, unverified } from '#server/connectors/verdict'
import type { SignalKind } from '#server/connectors/signals'
import type { IntegrationRow } from '#server/integrations/row'
import { log } from '#server/utils/log'
import { otherConnections, readNeighbours } from './neighbours'
import type { Plan } from './plan'
import { keepSignals, portrait, type Portrait, type Telling } from './portrait'
import type { Target } from './targets'

/** One question about one resource. */
export interface Question { check: CrossCheck, ask: (now: Date) => Promise<Evaluation> }

export interface CrossStep {
  /** How many questions there are about a resource of this kind. */
  count: (resource: Pick<Target, 'kind'>) => number
  /**
   * The questions about a resource, and `tell`, which notes what it tells; null: it tells nothing. Both rest on the same answers:
   * no call is made that nothing needs which is switched on here.
   */
  about: (target: Target, api: ApiReader) => { questions: Question[], tell: (() => Promise<void>) | null }
  /** Writes down what was told since. Before the results of the same resources are: what is done is not asked again. */
  keep: () => Promise<void>
}

/** @param missing the permissions among these calls' that the grant is known to lack */
export async function openCrossStep(
  row: Pick<IntegrationRow, 'id' | 'organizationId' | 'sandbox' | 'connector'>, plan: Pick<Plan, 'crossing' | 'reads'>, missing: (reads: SignalPublisher['reads']) => readonly string[],
): Promise<CrossStep> {
  const { connector } = row
  const checksOf = (resource: Pick<Target, 'kind'>) => crossChecksOf(connector, resource).filter(check => plan.crossing.includes(check))
  const connections = plan.crossing.length > 0 ? await otherConnections(row) : []
  const able = new Set(connections.flatMap(connection => [...tellsOf(connection.connector)]))
  const neighbours = await readNeighbours(row.organizationId, connections, new Set(plan.crossing.map(check => check.needs)))
  let tellings: Telling[] = []

  function notAsked(call: Endpoint): string | null {
    if (!plan.reads(call)) return `No check that is switched on reads this of ${connector.name}.`
    const [lacking] = missing({ call })
    return lacking === undefined ? null : `The grant lacks a permission. It needs ${lacking}.`
  }

  return {
    count: resource => checksOf(resource).length,
    about(target, api) {
      const seenAt = new Date()
      let asked: Promise<Portrait> | undefined
      const own = () => asked ??= portrait(connector, target, api, notAsked, seenAt)
      const unavailable = connector.unavailable(target)
      return {
        questions: checksOf(target).map(check => ({
          check,
          ask: async now => unavailable === null ? judge(check, (await own()).told.get(check.subject), able.has(check.needs), neighbours, now) : notApplicable(unavailable),
        })),
        tell: tellsOf(connector, target).size > 0 ? async () => void tellings.push({ target, portrait: await own(), seenAt }) : null,
      }
    },
    async keep() {
      const told = tellings
      tellings = []
      await keepSignals(row, told)
    },
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
