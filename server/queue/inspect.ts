/** What the queue's own tables say, for `npm run doctor`. */
import { z } from 'zod'

export interface QueueFacts {
  /** Of the queue's schema. */
  version: number
  waiting: number
  retrying: number
  active: number
  failed: number
  /** Seconds that the oldest job waits which could run; null when none does. */
  oldestWaitingSeconds: number | null
}

const count = z.coerce.number()
const factsSchema = z.object({ version: count, waiting: count, retrying: count, active: count, failed: count, oldest: count.nullable() })

/** Null: the queue's tables are not made yet. @param query one statement of SQL */
export async function readQueueFacts(query: (sql: string) => Promise<Record<string, unknown>[]>): Promise<QueueFacts | null> {
  const [there] = await query(`select to_regclass('pgboss.version') is not null and to_regclass('pgboss.job') is not null as there`)
  if (there?.there !== true) return null
  const [row] = await query(`
    select (select max(version) from pgboss.version) as version,
      count(*) filter (where state = 'created') as waiting, count(*) filter (where state = 'retry') as retrying,
      count(*) filter (where state = 'active') as active, count(*) filter (where state = 'failed') as failed,
      extract(epoch from clock_timestamp() - min(start_after) filter (where state in ('created', 'retry') and start_after <= now())) as oldest
    from pgboss.job where name not like '\\_\\_%'`)
  const { oldest, ...facts } = factsSchema.parse(row)
  return { ...facts, oldestWaitingSeconds: oldest === null ? null : Math.round(oldest) }
}
