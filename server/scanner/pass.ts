/** Goes through the resources in the order of their ids, from where the assessment stands, and stores what their checks say. */
import type { ApiReader, Check, Evaluation } from '#server/connectors/contract'
import type { IntegrationRow } from '#server/integrations/row'
import { openCrossStep } from './cross'
import { evaluate } from './evaluate'
import type { Lease } from './lease'
import { Ledger, type Result } from './ledger'
import { forEachLimited } from './limit'
import { planScan, type Plan } from './plan'
import { sharedReader, unhurriedReader } from './reader'
import { countTargets, enabledTargets, type Target } from './targets'

/** Calls to a provider at once, per assessment. */
const CONCURRENCY = 8
/** Questions at once for each call at once: several may wait for the same answer, or need none. */
const QUESTIONS = 2

export interface Pace {
  /** Resources that are begun and not stored, at most. */
  portion: number
  /** Milliseconds after which no further resource is begun, but for the first: another job goes on. */
  workMs: number
}

export interface Pass {
  row: IntegrationRow
  /** For which the credential was handed out: these checks and no others. */
  plan: Plan
  api: ApiReader
  lease: Lease
  portion: number
  /** By `performance.now()`. */
  deadline: number
}

/** One question about one resource. */
interface Question { check: Pick<Check, 'id' | 'severity' | 'category'>, ask: (now: Date) => Promise<Evaluation> }
/** Or what the resource tells others, of which there is no result. */
type Step = Question | { tell: () => Promise<void> }

/**
 * @returns whether all are done; false: the time is over
 * @throws LimitReached, CredentialError, whatever ends the lease; all that was done before the first resource that was not is stored
 */
export async function checkTargets({ row, plan, api, lease, portion, deadline }: Pass): Promise<boolean> {
  const concurrency = row.connector.concurrency ?? CONCURRENCY
  const reader = sharedReader(unhurriedReader(api, concurrency))
  // A renewal on the way may have left the credential with less.
  const plans = [plan, planScan(row)]
  const missing = ({ reads }: Pick<Check, 'reads'>) => [...new Set(plans.flatMap(one => one.missing(Object.values(reads))))]
  const checksOf = (kind: string) => plan.checks.filter(({ kinds }) => kinds?.includes(kind) ?? true)
  const cross = await openCrossStep(row, plan, reads => missing({ reads }))
  const stepsOf = (target: Target): Step[] => {
    const { questions, tell } = cross.about(target, reader)
    return [
      ...checksOf(target.kind).map(check => ({ check, ask: (now: Date) => evaluate(row.connector, check, target, reader, missing(check), now) })),
      ...questions,
      ...tell ? [{ tell }] : [],
    ]
  }

  let done = lease.stored
  let total = done
  for (const { kind, targets } of await countTargets(row.id, lease.cursor)) total += targets * (checksOf(kind).length + cross.count({ kind }))
  lease.progress(done, total)
  const ledger = new Ledger(async (results, cursor) => {
    await cross.keep()
    await lease.store(results, cursor)
  }, portion)
  let inTime = true

  async function* questions() {
    let begun = false
    for await (const target of enabledTargets(row.id, lease.cursor)) {
      if (begun && performance.now() > deadline) return void (inTime = false)
      const steps = stepsOf(target)
      const entry = await ledger.begin(target, steps.length)
      if (!entry) return
      begun = true
      for (const step of steps) yield { entry, step }
    }
  }

  try {
    await forEachLimited(questions(), QUESTIONS * concurrency, async ({ entry, step }) => {
      try {
        lease.signal.throwIfAborted()
        const result = 'tell' in step ? await step.tell().then(() => null) : await answer(step, entry.target)
        lease.signal.throwIfAborted()
        if (result) total = Math.max(total, ++done)
        lease.progress(done, total)
        if (entry.left === 1) reader.forget(entry.target)
        await ledger.add(entry, result)
      }
      catch (error) {
        ledger.stop()
        throw error
      }
    })
  }
  finally {
    if (!lease.signal.aborted) await ledger.settle()
  }
  return inTime
}

async function answer({ check, ask }: Question, target: Target): Promise<Result> {
  const checkedAt = new Date()
  const { verdict, summary, evidence } = await ask(checkedAt)
  return { resource_id: target.id, check_id: check.id, verdict, severity: check.severity, category: check.category, summary, evidence, checked_at: checkedAt.toISOString() }
}
