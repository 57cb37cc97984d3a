/** Looks for a fact among what others told, and keeps apart "nobody has it" and "nobody knows". */
import type { Evaluation, Evidence } from '#server/connectors/contract'
import type { Signal, SignalKind } from '#server/connectors/signals'
import { capped, plural, unverified } from '#server/connectors/verdict'
import type { Neighbour } from './contract'

/** What is older says nothing of today: own threshold, a week of daily scans. */
export const FRESH_DAYS = 7
/** Clocks differ; what was seen further ahead was not seen. */
const AHEAD_MS = 5 * 60_000

export interface Found<K extends SignalKind> {
  /** Fresh facts that fit, each with who told it. */
  fresh: { neighbour: Neighbour<K>, fact: Signal<K> }[]
  /** Who may have one that fits and could not be asked lately; first those who had one. */
  silent: Neighbour<K>[]
}

export function search<K extends SignalKind>(neighbours: readonly Neighbour<K>[], fits: (fact: Signal<K>) => boolean, now: Date): Found<K> {
  const fresh: Found<K>['fresh'] = []
  const [had, others]: [Neighbour<K>[], Neighbour<K>[]] = [[], []]
  for (const neighbour of neighbours) {
    const facts = neighbour.facts.filter(fits)
    if (!isFresh(neighbour, now)) (facts.length > 0 ? had : others).push(neighbour)
    else if (facts.length > 0) fresh.push(...facts.map(fact => ({ neighbour, fact })))
    else if (neighbour.unknown !== null) others.push(neighbour)
  }
  return { fresh, silent: [...had, ...others] }
}

function isFresh({ seenAt }: Neighbour, now: Date): boolean {
  const age = seenAt === null ? Number.POSITIVE_INFINITY : now.getTime() - seenAt.getTime()
  return age >= -AHEAD_MS && age <= FRESH_DAYS * 86_400_000
}

/** Why nothing can be said although nobody told a fact that fits; null: nobody has one, for sure. */
export function doubt({ silent }: Found<SignalKind>, evidence: Evidence, now: Date): Evaluation | null {
  const [first] = silent
  if (!first) return null
  const others = silent.length > 1 ? `, and ${plural(silent.length - 1, 'other resource')}` : ''
  return unverified(`Not known of ${where(first)}${others}. ${silence(first, now)}`, { ...evidence, ...side(first), not_known: capped(silent.map(where)) })
}

function silence(neighbour: Neighbour, now: Date): string {
  if (neighbour.seenAt === null) return 'It has not been read yet: scan its connection.'
  return isFresh(neighbour, now) ? neighbour.unknown ?? '' : `It has not been read for more than ${FRESH_DAYS} days: scan its connection.`
}

const where = ({ resource, provider }: Neighbour) => `${resource.name} at ${provider}`

/** The other side, as evidence names it. */
export function side({ connection, provider, resource, seenAt }: Neighbour): Evidence {
  return { connection, provider, resource: resource.name, resource_kind: resource.kind, seen_at: seenAt?.toISOString() ?? null }
}
