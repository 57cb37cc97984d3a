/** Hand-written sides of a question: what a resource says of itself, and what others say. */
import { crossChecks } from '#server/cross'
import type { Neighbour, Neighbours, Told } from '#server/cross/contract'
import type { Evaluation } from '#server/connectors/contract'
import type { Signal, SignalKind } from '#server/connectors/signals'

export const now = new Date('2026-11-22T12:00:00Z')
export const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000)

export type Say<K extends SignalKind = SignalKind> = Partial<Omit<Neighbour<K>, 'facts'>> & { kind: K, facts?: Omit<Signal<K>, 'kind'>[] }

/** One resource of another connection; seen yesterday. */
export function neighbour<K extends SignalKind>({ kind, facts = [], ...rest }: Say<K>): { kind: SignalKind, neighbour: Neighbour } {
  return {
    kind,
    neighbour: {
      connection: 'Their connection', provider: 'Somewhere', resource: { kind: 'thing', name: `a ${kind}` }, unknown: null, seenAt: daysAgo(1), ...rest,
      facts: facts.map(fact => ({ kind, ...fact }) as unknown as Signal),
    },
  }
}

export function told<K extends SignalKind>(kind: K, facts: Omit<Signal<K>, 'kind'>[], unknown: string | null = null): Told {
  return { facts: facts.map(fact => ({ kind, ...fact }) as unknown as Signal), unknown }
}

export function evaluate(id: string, own: Told, others: readonly ReturnType<typeof neighbour>[]): Evaluation {
  const check = crossChecks.find(one => one.id === id)
  if (!check) throw new Error(`There is no check ${id}`)
  const neighbours: Neighbours = { of: <K extends SignalKind>(kind: K) => others.filter(one => one.kind === kind).map(one => one.neighbour as unknown as Neighbour<K>) }
  return check.evaluate(own, neighbours, { now })
}
