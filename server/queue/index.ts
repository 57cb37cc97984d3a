/**
 * The job queue: pg-boss, in the embedded database or in the Postgres of `DATABASE_URL`. The only room that knows it.
 */
import { fromPglite, PgBoss, type ConstructorOptions } from 'pg-boss'
import { log } from '#server/utils/log'
import { jobs, type JobName, type JobPayload } from './jobs'

/** How many jobs of a kind this process runs at once. */
const CONCURRENCY = 4
/** Past this a job counts as lost and is tried again; the work itself is guarded by its own lease. */
const EXPIRE_SECONDS = 15 * 60

let boss: PgBoss | null = null
let healthy = false

export type QueueSource = { embedded: Parameters<typeof fromPglite>[0] } | { databaseUrl: string }

/** Opens the queue, and makes its tables where they are missing. */
export async function startQueue(source: QueueSource): Promise<void> {
  const options: ConstructorOptions = 'embedded' in source
    ? { backend: 'pglite', db: fromPglite(source.embedded) }
    : { connectionString: source.databaseUrl, max: 5 }
  const next = new PgBoss({ ...options, schema: 'pgboss', application_name: 'allyship-integrations' })
  next.on('error', (error) => {
    healthy = false
    log.error('queue error', { error })
  })
  await next.start()
  for (const name of Object.keys(jobs)) {
    // `short`: one waiting job per key, whatever is running, so that asking twice queues once, and the job of a worker
    // that died never stands in the way of its successor.
    await next.createQueue(name, { policy: 'short', retryLimit: 3, retryDelay: 5, retryBackoff: true, expireInSeconds: EXPIRE_SECONDS, deleteAfterSeconds: 24 * 3600 })
  }
  boss = next
  healthy = true
}

function current(): PgBoss {
  if (!boss) throw new Error('The queue is not open yet: server/plugins opens it at start.')
  return boss
}

/** Queues a job unless one with this key waits already. */
export async function enqueue<N extends JobName>(name: N, key: string, payload: JobPayload<N>): Promise<void> {
  await current().send(name, jobs[name].parse(payload), { singletonKey: key })
}

/**
 * Takes jobs of this kind until the queue stops.
 * @param handle throws to have the job tried again; its signal is aborted when the job expires or the process shuts down
 */
export async function work<N extends JobName>(
  name: N,
  handle: (payload: JobPayload<N>, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await current().work(name, { localConcurrency: CONCURRENCY, pollingIntervalSeconds: 1 }, async (batch) => {
    for (const job of batch) {
      const payload = jobs[name].safeParse(job.data)
      if (!payload.success) {
        log.error('job with an unreadable payload was dropped', { job: name, job_id: job.id })
        continue
      }
      // Made by the schema of this very name, which TypeScript does not follow through the table.
      await handle(payload.data as JobPayload<N>, job.signal)
    }
  })
}

/** Whether the queue answers. */
export async function queueIsHealthy(): Promise<boolean> {
  if (!boss) return false
  try {
    await boss.getQueue('scan.run')
    healthy = true
  }
  catch {
    healthy = false
  }
  return healthy
}

/** Stops taking jobs and waits for the running ones, at most `timeoutMs`; those left are tried again by another worker. */
export async function stopQueue(timeoutMs: number): Promise<void> {
  const last = boss
  boss = null
  healthy = false
  await last?.stop({ graceful: true, timeout: timeoutMs, close: true })
}
