/** Start and stop, in order: environment, key, database, queue, sandbox, work. */
import { setTimeout as delay } from 'node:timers/promises'
import { noteSigningKeys } from '#server/audit/signing-keys'
import { serviceClient, useSupabase } from '#server/database/clients'
import { deliverAlert, queueAlerts, releaseAlerts } from '#server/integrations/alert-delivery'
import { useSandbox } from '#server/integrations/client'
import { applyDeliveries, queueDeliveries } from '#server/integrations/deliveries'
import { closeRefreshes, redeemsSettled } from '#server/integrations/in-flight'
import { ANSWER_MS } from '#server/integrations/redeem'
import { closeLimiter } from '#server/limits'
import { queueIsHealthy, startQueue, stopQueue, work } from '#server/queue'
import { queueUnclaimed } from '#server/scanner/due'
import { runAssessment } from '#server/scanner/run'
import { env } from '#server/utils/env'
import { log } from '#server/utils/log'
import { openDatabase, type OpenOptions } from '#server/open'

/** How long running jobs may take to end at shutdown before they go back to the queue. */
const SHUTDOWN_PATIENCE_MS = 8_000
/** Milliseconds from the wish to end: a provider's answer that is under way, and its place in the database. */
export const REDEEM_PATIENCE_MS = ANSWER_MS + 10_000
/** Milliseconds that all of `stop` may take, whoever waits for it. */
export const STOP_LIMIT_MS = REDEEM_PATIENCE_MS + 10_000

const shutdown = new AbortController()
const stopping = new AbortController()
const closers: (() => Promise<void> | void)[] = []
let started: Promise<void> = Promise.resolve()
let askedAt: number | null = null

/** Begins to start; what asks for the database waits for `whenReady`. */
export function start(options: OpenOptions): Promise<void> {
  started = open(options)
  return started
}

/** Aborted when this process is to end: what is under way ends, nothing new is begun. */
export function shutdownSignal(): AbortSignal {
  return stopping.signal
}

/** Resolves when everything is open. */
export function whenReady(): Promise<void> {
  return started
}

/** Whether this process takes jobs, and is not about to end. */
export function takesJobs(): boolean {
  return env().worker && !stopping.signal.aborted
}

async function open({ env, migrations, patienceMs }: OpenOptions): Promise<void> {
  const embedded = await openDatabase({ env, migrations, patienceMs }, closers)
  closers.push(closeLimiter, waitForRedeems)
  await noteSigningKeys()

  await startQueue(embedded ? { embedded: embedded.driver } : { databaseUrl: env.supabase?.databaseUrl ?? '' })
  closers.push(() => stopQueue(SHUTDOWN_PATIENCE_MS + 2_000))
  if (env.sandbox) {
    const { createSandboxes } = await import('#server/sandbox')
    useSandbox(createSandboxes({ origin: env.appUrl, directory: env.supabase ? null : env.dataDir }))
  }
  if (env.worker) {
    // What a process that was killed had in hand is nobody's now: no other can be on an embedded database.
    if (embedded) await releaseAll()
    await work('scan.run', ({ assessment_id }, signal) => runAssessment(assessment_id, AbortSignal.any([signal, shutdown.signal])))
    await queueUnclaimed()
    if (embedded) await releaseAlerts()
    await work('alert.deliver', ({ change_id }, signal) => deliverAlert(change_id, AbortSignal.any([signal, shutdown.signal])))
    await queueAlerts()
    await work('webhook.apply', ({ provider, sandbox }) => applyDeliveries(provider, sandbox))
    await queueDeliveries()
  }
  log.info('started', { mode: env.mode, worker: env.worker, web: env.web, sandbox: env.sandbox, url: env.appUrl })
}

async function releaseAll(): Promise<void> {
  await serviceClient().from('assessments').update({ lease_owner: null, lease_until: null }).eq('status', 'running').throwOnError()
  await serviceClient().from('integrations').update({ refresh_lease_owner: null, refresh_lease_until: null }).not('refresh_lease_owner', 'is', null).throwOnError()
}

/** `GET /api/health`. */
export async function health(): Promise<{ status: 'ok' | 'unavailable', checks: { database: boolean, queue: boolean } }> {
  const [database, queue] = await Promise.all([soon(databaseIsHealthy()), soon(queueIsHealthy())])
  return { status: database && queue ? 'ok' : 'unavailable', checks: { database, queue } }
}

/** What does not answer is as bad as what is gone: whoever asks for health has a time limit of their own. */
const HEALTH_PATIENCE_MS = 3_000

async function soon(check: Promise<boolean>): Promise<boolean> {
  const late = new AbortController()
  const no = delay(HEALTH_PATIENCE_MS, false, { signal: late.signal }).catch(() => false)
  try {
    return await Promise.race([check, no])
  }
  finally {
    late.abort()
  }
}

async function databaseIsHealthy(): Promise<boolean> {
  try {
    const { error } = await serviceClient().from('organizations').select('id').limit(1)
    return !error
  }
  catch {
    return false
  }
}

/** The process is asked to end: nothing new is begun from here on. `stop` follows, when the requests under way are answered. */
export function prepareToStop(): void {
  askedAt ??= performance.now()
  closeRefreshes()
  stopping.abort()
}

async function waitForRedeems(): Promise<void> {
  const left = REDEEM_PATIENCE_MS - (performance.now() - (askedAt ?? performance.now()))
  if (!await redeemsSettled(Math.max(left, 0))) log.error('a credential was being renewed when the time was over: its answer may be lost')
}

/** Lets running jobs end, gives the others back to the queue, closes the database and frees its folder. */
export async function stop(): Promise<void> {
  prepareToStop()
  const patience = setTimeout(() => shutdown.abort(), SHUTDOWN_PATIENCE_MS)
  for (const close of closers.splice(0).reverse()) {
    try {
      await close()
    }
    catch (error) {
      log.error('shutdown step failed', { error })
    }
  }
  clearTimeout(patience)
  useSupabase(null)
  useSandbox(null)
}
