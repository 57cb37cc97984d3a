/** What three checks ask of the repository that production is built from. */
import type { Verdict } from '#shared/vocabulary'
import type { Evaluation, Evidence } from '#server/connectors/contract'
import type { Signal } from '#server/connectors/signals'
import { fail, notApplicable, pass, unverified } from '#server/connectors/verdict'
import type { Neighbours, Told } from './contract'
import { doubt, search, side, type Found } from './search'

export const withoutRepository = 'It is not deployed from a repository.'

type Deploys = Signal<'deploys'>
type Covering = Found<'repository'>['fresh'][number]

interface Judgement { state: string, why: string }

/** Of several repositories all have to be good. */
const ofAll: readonly Verdict[] = ['fail', 'error', 'pass', 'not_applicable']
/** Of several connections that see the same one, what one of them hides another may say. */
const ofSame: readonly Verdict[] = ['fail', 'pass', 'error', 'not_applicable']

function foremost(evaluations: readonly Evaluation[], order: readonly Verdict[]): Evaluation {
  const [first] = evaluations.toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  return first ?? unverified('Nothing is known of the repository.')
}

/** A part of what the resource says of itself may be hidden: then what is seen is not all there is. */
export function ofEach(own: Told<'deploys'>, ask: (deploys: Deploys) => Evaluation): Evaluation {
  const seen = foremost(own.facts.map(ask), ofAll)
  return own.unknown !== null && seen.verdict !== 'fail' ? unverified(own.unknown, seen.evidence) : seen
}

/** The verdict that the connection covering this repository allows; `not_applicable` where none does: another check says so. */
export function fromRepository(deploys: Deploys, neighbours: Neighbours, now: Date, judge: (covering: Covering) => Judgement, words: { good: string, bad: string }): Evaluation {
  const evidence: Evidence = { repository: deploys.repository, branch: deploys.branch }
  const found = search(neighbours.of('repository'), fact => fact.repository === deploys.repository, now)
  if (found.fresh.length === 0) return doubt(found, evidence, now) ?? notApplicable(`No connection covers ${deploys.repository}.`, evidence)
  return foremost(found.fresh.map((covering) => {
    const { state, why } = judge(covering)
    const both = { ...evidence, ...side(covering.neighbour) }
    if (state === words.good) return pass(why, both)
    if (state === words.bad) return fail(why, both)
    return state === 'moot' ? notApplicable(why, both) : unverified(why, both)
  }), ofSame)
}
