/** The four ways a check can end, and the rule they share: what could not be read is never a pass. */
import type { Evaluation, Evidence } from './contract'

export const pass = (summary: string, evidence: Evidence = {}): Evaluation => ({ verdict: 'pass', summary, evidence })
export const fail = (summary: string, evidence: Evidence = {}): Evaluation => ({ verdict: 'fail', summary, evidence })
export const notApplicable = (summary: string, evidence: Evidence = {}): Evaluation => ({ verdict: 'not_applicable', summary, evidence })
export const unverified = (summary: string, evidence: Evidence = {}): Evaluation => ({ verdict: 'error', summary, evidence })

/** One setting that a check looks at. */
export interface Point {
  /** The provider's name of the field, named to the person when it could not be read. */
  field: string
  /** Undefined: the answer did not say. */
  ok: boolean | undefined
  /** Half a sentence: what is wrong when it is not ok. */
  wrong: string
}

/** Applies the test to a value that was stated; undefined when it was not. */
export function holds<T>(value: T | null | undefined, test: (value: T) => boolean): boolean | undefined {
  return value === null || value === undefined ? undefined : test(value)
}

/** Anything wrong fails; otherwise anything unread is an error; only all points read and good pass. */
export function judge(points: readonly Point[], passed: string, evidence: Evidence): Evaluation {
  const wrong = points.filter(point => point.ok === false)
  const unread = points.filter(point => point.ok === undefined).map(point => point.field)
  const seen = unread.length > 0 ? { ...evidence, unread } : evidence
  if (wrong.length > 0) return fail(sentence(wrong.map(point => point.wrong)), seen)
  if (unread.length > 0 || points.length === 0) return unverified(`The provider's answer did not say ${unread.join(', ') || 'anything'}.`, seen)
  return pass(passed, seen)
}

/** `['a', 'b']` → `A; b.` */
export function sentence(parts: readonly string[]): string {
  const joined = parts.join('; ')
  return `${joined.charAt(0).toUpperCase()}${joined.slice(1)}.`
}

/** A list short enough to store, with its true length beside it. */
export function capped(values: readonly string[], limit = 50): { total: number, shown: string[] } {
  return { total: values.length, shown: values.slice(0, limit) }
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
