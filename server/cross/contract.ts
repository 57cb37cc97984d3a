/**
 * A check that one connection cannot answer alone: a resource's own facts beside those that the organization's other
 * connections tell. It names no provider.
 */
import type { CheckDescription, Evaluation } from '#server/connectors/contract'
import type { Signal, SignalKind } from '#server/connectors/signals'

/** The category of all of them: one switch on the configuration page. */
export const category = 'cross_provider'

/** What a resource told of one kind of fact. */
export interface Told<K extends SignalKind = SignalKind> {
  facts: readonly Signal<K>[]
  /** A sentence, where facts are missing: those that are there are true all the same. */
  unknown: string | null
}

/** What a resource of another connection told. */
export interface Neighbour<K extends SignalKind = SignalKind> extends Told<K> {
  /** The connection's name, as people gave it. */
  connection: string
  provider: string
  resource: { kind: string, name: string }
  /** Null: it was never read. */
  seenAt: Date | null
}

/** The organization's other connections. */
export interface Neighbours {
  /** Every resource that can tell of this, has been listed, and is switched on. */
  of: <K extends SignalKind>(kind: K) => readonly Neighbour<K>[]
}

export interface CrossCheck<S extends SignalKind = SignalKind> extends CheckDescription {
  category: typeof category
  /** The facts of the resource that it asks about. */
  subject: S
  /** The facts of others that it rests on. */
  needs: SignalKind
  /** A sentence for a resource that has no such facts: the question has no meaning there. */
  without: string
  /** Pure. `own` has facts, and at least one connection can tell what it needs. */
  evaluate: (own: Told<S>, neighbours: Neighbours, context: { now: Date }) => Evaluation
}

/** Keeps the type of the subject's facts for `evaluate`, and erases it for the list. */
export function defineCrossCheck<S extends SignalKind>(check: CrossCheck<S>): CrossCheck {
  return check as unknown as CrossCheck
}
