/** What is made of a provider's answers: verdicts, and facts for other connections. Part of the contract. */
import type { Severity, Verdict } from '#shared/vocabulary'
import type { Endpoint, Evidence, ResourceDescription } from './endpoint'
import type { Signal, SignalKind, Unknown, Unread } from './signals'

export interface Evaluation {
  verdict: Verdict
  /** One sentence: what was seen. Shown beside the evidence. */
  summary: string
  evidence: Evidence
}

type Answers<R extends Record<string, Endpoint>> = {
  [K in keyof R]: R[K] extends Endpoint<infer T> ? (R[K] extends { absent: readonly number[] } | { otherwise: unknown } ? T | null : T) : never
}

/** What a person reads of a check. */
export interface CheckDescription {
  /** `<provider>_<question>`, or `cross_<question>`; stable for ever: findings are keyed by it. */
  id: string
  /** A statement that is true when the check passes. */
  title: string
  severity: Severity
  /** Also usable as a group in `enabled_checks`. */
  category: string
  /** Why it matters, for a person who has to decide. */
  rationale: string
  remediation: { steps: readonly string[], url: string }
  /** Trust Services Criteria. `own: true` marks our own mapping, not the provider's or a benchmark's. */
  soc2: { criteria: readonly string[], own: boolean }
  /** Recommendations of a CIS benchmark, where one exists: `{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.3.5'] }`. */
  cis?: readonly { benchmark: string, ids: readonly string[] }[]
  /** Annex A controls of ISO/IEC 27001:2022. */
  iso27001?: { controls: readonly string[], own: boolean }
}

/** One question about one resource. `evaluate` is pure: the same answers and time give the same verdict. */
export interface Check<R extends Record<string, Endpoint> = Record<string, Endpoint>> extends CheckDescription {
  /** Kinds of resources it asks about. Default: all of the connector's. */
  kinds?: readonly string[]
  /** The calls it needs; the scanner makes each once per resource and hands the parsed answers in. */
  reads: R
  evaluate: (answers: Answers<R>, context: { resource: ResourceDescription, now: Date }) => Evaluation
}

/** Keeps the types of `reads` for `evaluate`, and erases them for the registry. */
export function defineCheck<const R extends Record<string, Endpoint>>(check: Check<R>): Check {
  return check as unknown as Check
}

type AnswersIfRead<R extends Record<string, Endpoint>> = { [K in keyof R]: Answers<R>[K] | Unread }

/** Tells the organization's other connections facts about a resource. `derive` is pure, as a check's `evaluate`. */
export interface SignalPublisher<R extends Record<string, Endpoint> = Record<string, Endpoint>> {
  /** Kinds of resources it is about. Default: all of the connector's. */
  kinds?: readonly string[]
  /** What it tells. A kind of which it says nothing has no facts: what could not be learned is said to be `Unknown`. */
  tells: readonly SignalKind[]
  /** It needs a permission that most grants do not have: checks that rest on it for their subject are off at first. */
  optional?: boolean
  /** Calls that the connector's checks make anyway: each is made once per resource and scan. */
  reads: R
  derive: (answers: AnswersIfRead<R>, context: { resource: ResourceDescription, now: Date }) => readonly (Signal | Unknown)[]
}

/** As `defineCheck`. */
export function definePublisher<const R extends Record<string, Endpoint>>(publisher: SignalPublisher<R>): SignalPublisher {
  return publisher as unknown as SignalPublisher
}
