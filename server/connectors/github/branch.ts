/**
 * What holds for a default branch. Two systems may protect it, classic protection and rulesets, side by side: what one of them
 * demands is demanded. Whatever a source does not say is neither yes nor no.
 */
import type { Evaluation, ResourceDescription } from '../contract'
import { holds, notApplicable } from '../verdict'
import type { Protection, Rule } from './endpoints'

/** Undefined: not said. */
export type Said = boolean | undefined

/** Why the questions about a branch have no meaning, or null. */
export function withoutBranch(resource: ResourceDescription, protection: Protection | null): Evaluation | null {
  if (resource.metadata.archived === true) return notApplicable('The repository is archived: nothing in it can be changed.')
  return protection?.no_branch ? notApplicable('The repository has no default branch: it is empty.') : null
}

/** One yes is enough; without one, an answer that is missing leaves it open. */
export function either(...said: readonly Said[]): Said {
  if (said.includes(true)) return true
  return said.includes(undefined) ? undefined : false
}

/** A part of classic protection: not set is a no, unreadable is open. */
export function set<T>(part: T | null | undefined, test: (part: T) => Said): Said {
  if (part === undefined) return false
  return part === null ? undefined : test(part)
}

/** Whether a rule of this type is in force and satisfies the test. */
export function ruled(rules: readonly Rule[], type: string, test: (parameters: NonNullable<Rule['parameters']>) => Said = () => true): Said {
  const found = rules.filter(rule => rule.type === type)
  return either(false, ...found.map(rule => rule.parameters ? test(rule.parameters) : undefined))
}

export function hasRule(rules: readonly Rule[], type: string): boolean {
  return rules.some(rule => rule.type === type)
}

export function sources(protection: Protection | null, rules: readonly Rule[]) {
  return { classic_protection: protection !== null, rules: [...new Set(rules.map(rule => rule.type))].sort() }
}

export const atLeast = (least: number) => (count: number | null | undefined): Said => holds(count, value => value >= least)
