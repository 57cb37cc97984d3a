import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { enqueue } from '#server/queue'
import { log } from '#server/utils/log'
import { nextRun } from '#server/utils/schedule'

/** Integrations looked at per statement, and statements per run: what is left is taken a minute later. */
const BATCH = 200
const BATCHES = 25

/**
 * Claims the integrations that are due, and queues a job for every assessment that no worker holds: the new ones, and
 * those whose worker died or whose job was never written. Running it twice, or in several processes, does no harm.
 */
export async function scanDue(now = new Date()): Promise<{ claimed: number, queued: number }> {
  let claimed = 0
  for (let batch = 0; batch < BATCHES; batch++) {
    const due = unwrap(await serviceClient().from('integrations').select('id, scan_schedule, next_check_at')
      .eq('status', 'active').lte('next_check_at', now.toISOString()).order('next_check_at').limit(BATCH))
    if (due.length === 0) break
    const items = due.map(({ id, scan_schedule, next_check_at }) => ({ id, seen: next_check_at, next: next(id, scan_schedule, now) }))
    const created = unwrap(await askAgain(() => serviceClient().rpc('claim_due_integrations', { p_items: items })))
    claimed += created.length
    if (due.length < BATCH) break
  }
  return { claimed, queued: await queueUnclaimed() }
}

/** One unreadable schedule (written past the API) must not stop the others: it is looked at again in a day. */
function next(id: string, schedule: string, now: Date): string {
  try {
    return nextRun(schedule, now)
  }
  catch (error) {
    log.error('schedule can\'t be read', { integration_id: id, error })
    return new Date(now.getTime() + 24 * 3600 * 1000).toISOString()
  }
}

/** Queues a job for every open assessment that no worker holds. */
export async function queueUnclaimed(): Promise<number> {
  const ids = unwrap(await serviceClient().rpc('unclaimed_assessments', { p_limit: 1000 }))
  for (const id of ids) await enqueue('scan.run', id, { assessment_id: id })
  return ids.length
}
