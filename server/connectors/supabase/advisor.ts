/**
 * Reads the security advisor's answer for one check. Only names and places are taken from a lint: `detail` is free text
 * that may quote anything, a leaked key included.
 */
import type { z } from 'zod'
import type { Evaluation, Evidence } from '../contract'
import type { advisors } from './endpoints'
import { blindingLints, knownLints } from './lint-names'
import { capped, fail, pass, unverified } from '../verdict'

export type AdvisorAnswer = z.infer<typeof advisors.schema> | null
type Lint = NonNullable<NonNullable<AdvisorAnswer>['lints']>[number]

export interface AdvisorReading {
  /** `lint: schema.name` of every failing lint. */
  hits: string[]
  evidence: Evidence
  /** Why silence proves nothing, or null when the advisor looked at everything. */
  blind: string | null
}

/** Which of the advisor's lints fail this check, which are told as information, and whether it could look at all. */
export function readAdvisor(answer: AdvisorAnswer, failing: readonly string[], noted: readonly string[] = []): AdvisorReading {
  const lints = answer?.lints ?? []
  const hits = lints.filter(lint => failing.includes(lint.name)).map(describe)
  const notes = lints.filter(lint => noted.includes(lint.name)).map(describe)
  const unrecognized = [...new Set(lints.filter(lint => !knownLints.has(lint.name)).map(lint => `${lint.name} (${lint.level ?? 'no level'})`))]
  const evidence: Evidence = {
    ...(hits.length > 0 && { lints: capped(hits) }),
    ...(notes.length > 0 && { notes: capped(notes) }),
    ...(unrecognized.length > 0 && { unrecognized_lints: capped(unrecognized) }),
  }
  return { hits, evidence, blind: blindness(answer, lints) }
}

/** The whole verdict of a check that asks the advisor and nobody else. */
export function judgeAdvisor(reading: AdvisorReading, words: { failed: (count: number) => string, passed: string }): Evaluation {
  if (reading.hits.length > 0) return fail(words.failed(reading.hits.length), reading.evidence)
  if (reading.blind) return unverified(reading.blind, reading.evidence)
  return pass(words.passed, reading.evidence)
}

function blindness(answer: AdvisorAnswer, lints: readonly Lint[]): string | null {
  if (answer === null) return 'Supabase no longer offers the security advisor endpoint for this project, so this could not be checked.'
  if (!Array.isArray(answer.lints)) return 'The security advisor\'s answer held no list of lints.'
  const blinding = lints.find(lint => blindingLints.has(lint.name))
  return blinding ? `The security advisor could not look at the whole project (${blinding.name}).` : null
}

function describe(lint: Lint): string {
  const { schema, name, entity } = lint.metadata ?? {}
  const place = schema && name ? `${schema}.${name}` : name ?? entity
  return place ? `${lint.name}: ${place}` : lint.name
}
