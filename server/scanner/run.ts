/**
 * Runs one assessment: claims it, lists the resources anew, runs the enabled checks on the enabled ones, and makes findings
 * and score of what they said. Results are stored as they come, with how far they reach, so that another worker goes on where
 * this one ends: because it dies, because the provider's limit is used up, or because a job may not last for ever. Until all
 * is done nothing of it shows but its progress: half an assessment is never taken for a whole one.
 */
import { randomUUID } from 'node:crypto'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError } from '#server/errors'
import { withApi } from '#server/integrations/credentials'
import { CredentialError } from '#server/integrations/credential-error'
import { readRow } from '#server/integrations/row'
import { enqueue } from '#server/queue'
import { log } from '#server/utils/log'
import { countScan } from '#server/utils/metrics'
import { entryOf, failureOf, worker } from './ending'
import { Lease, type Claimed } from './lease'
import { relist, resume } from './listing'
import { checkTargets, type Pace } from './pass'
import { planScan } from './plan'
import { LimitReached, pausingReader, refusingReader } from './reader'

/** Well below the queue's own limit for a job (server/queue). */
const pace: Pace = { portion: 50, workMs: 10 * 60_000 }

/** @param signal aborted at shutdown: the assessment goes back to the queue */
export async function runAssessment(assessmentId: string, signal: AbortSignal, { portion, workMs }: Pace = pace): Promise<void> {
  const owner = randomUUID()
  const deadline = performance.now() + workMs
  const [claimed] = unwrap(await serviceClient().rpc('start_assessment', { p_id: assessmentId, p_owner: owner, p_seconds: Lease.seconds }))
  if (!claimed) return // finished, removed, paused, or in another worker's hands
  const lease = new Lease(claimed, owner, signal)
  try {
    if (await scan(claimed, lease, { portion, deadline })) await complete(claimed, lease)
    else await handOn(claimed, lease)
  }
  catch (error) {
    if (signal.aborted) return void await lease.release()
    if (lease.signal.aborted) return // removed meanwhile, or taken over
    if (error instanceof LimitReached) await pause(claimed, lease, error)
    else await fail(claimed, lease, error)
  }
  finally {
    lease.stop()
  }
}

/** @returns whether all is done; false: the time is over */
async function scan(claimed: Claimed, lease: Lease, pace: { portion: number, deadline: number }): Promise<boolean> {
  const plan = planScan(await readRow(claimed.integration_id))
  const use = { integrationId: claimed.integration_id, purpose: 'scan', actor: worker, detail: { assessment_id: claimed.id, ...plan.purpose } }
  try {
    return await withApi(use, lease.signal, async (opened, row, begin) => {
      const reader = pausingReader(opened, claimed.pause_left)
      const api = claimed.listed ? await resume(reader, row, begin) : await relist(reader, row, lease, begin)
      return checkTargets({ row, plan, api, lease, ...pace })
    })
  }
  catch (error) {
    // Will pass: like a provider that is down, this costs each check that is left an `error`, and no finding changes.
    if (!(error instanceof CredentialError) || error.failure === 'dead_grant') throw error
    const api = refusingReader(new ProviderError('unreachable', 'credential renewal', { cause: error }))
    return checkTargets({ row: await readRow(claimed.integration_id), plan, api, lease, ...pace })
  }
}

async function complete(claimed: Claimed, lease: Lease): Promise<void> {
  if (await lease.complete(entryOf(claimed, 'scan.completed'))) countScan('completed')
}

/** A job may not last for ever: the next one goes on. */
async function handOn({ id }: Claimed, lease: Lease): Promise<void> {
  if (await lease.pause(0)) await enqueue('scan.run', id, { assessment_id: id })
}

/** No job waits for it: scan:due queues one when it is time. */
async function pause({ id, integration_id }: Claimed, lease: Lease, { seconds }: LimitReached): Promise<void> {
  if (await lease.pause(seconds)) log.info('scan paused', { assessment_id: id, integration_id, seconds })
}

/** The whole assessment could not be done: its end says why, findings stay as they were. */
async function fail(claimed: Claimed, lease: Lease, error: unknown): Promise<void> {
  const { code, message } = failureOf(error)
  if (code === 'internal') log.error('assessment failed', { assessment_id: claimed.id, error })
  if (await lease.fail({ code, message }, entryOf(claimed, 'scan.failed', { code }))) countScan('failed')
}
