/** Start and stop, in order: environment, key, database, queue, sandbox, work. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { EmbeddedSupabase } from '#server/database/embedded'
import { serviceClient, useSupabase } from '#server/database/clients'
import { useSandbox } from '#server/integrations/client'
import { queueIsHealthy, startQueue, stopQueue, work } from '#server/queue'
import { queueUnclaimed } from '#server/scanner/due'
import { runAssessment } from '#server/scanner/run'
import { deriveKey } from '#server/utils/encryption'
import { ensureEncryptionKey } from '#server/utils/encryption-key'
import type { Env } from '#server/utils/env'
import { log } from '#server/utils/log'
import type { Migration } from '#server/database/migrations'

/** How long running jobs may take to end at shutdown before they go back to the queue. */
const SHUTDOWN_PATIENCE_MS = 8_000

const shutdown = new AbortController()
const closers: (() => Promise<void> | void)[] = []
let started: Promise<void> = Promise.resolve()

export interface StartOptions {
  env: Env
  migrations: () => Promise<Migration[]>
  /** Wait for a process that is on its way out: a development server that reloads. */
  patienceMs: number
}

/** Begins to start; what asks for the database waits for `whenReady`. */
export function start(options: StartOptions): Promise<void> {
  started = open(options)
  return started
}

/** Resolves when everything is open. */
export function whenReady(): Promise<void> {
  return started
}

async function open({ env, migrations, patienceMs }: StartOptions): Promise<void> {
  if (env.mode === 'embedded') refuseLostKey(env)
  await ensureEncryptionKey(env)
  const embedded = env.supabase ? null : await openEmbedded(env, await migrations(), patienceMs)
  useSupabase(embedded ?? env.supabase)
  if (!embedded) await requireSchema()

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
  }
  log.info('started', { mode: env.mode, worker: env.worker, web: env.web, sandbox: env.sandbox, url: env.appUrl })
}

/** A new key beside an old database would make every stored credential unreadable, quietly. */
function refuseLostKey(env: Env): void {
  if (env.encryptionKey || !existsSync(join(env.dataDir, 'database')) || existsSync(join(env.dataDir, 'encryption.key'))) return
  throw new Error(`${env.dataDir} holds a database and no encryption.key. Restore that file, or set ENCRYPTION_KEY to the key it was made with.`)
}

async function openEmbedded(env: Env, migrations: Migration[], patienceMs: number): Promise<EmbeddedSupabase> {
  const { lockDataDir } = await import('#server/database/lock')
  const { openEmbeddedSupabase } = await import('#server/database/embedded')
  closers.push(await lockDataDir(env.dataDir, { patienceMs }))
  const jwtSecret = deriveKey('embedded-supabase/jwt/1').export().toString('base64url')
  const embedded = await openEmbeddedSupabase({ directory: env.dataDir, jwtSecret, siteUrl: env.appUrl, migrations })
  closers.push(embedded.close)
  return embedded
}

async function requireSchema(): Promise<void> {
  const { error } = await serviceClient().from('integrations').select('id').limit(1)
  if (!error) return
  const missing = error.code.startsWith('PGRST2') || error.code === '42P01'
  throw new Error(missing
    ? 'The Supabase project has not got this version\'s tables yet. Run: npx supabase db push'
    : `Supabase at SUPABASE_URL does not answer as the service role (${error.code || 'no answer'}). Compare SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY with the project's settings.`)
}

async function releaseAll(): Promise<void> {
  await serviceClient().from('assessments').update({ lease_owner: null, lease_until: null }).eq('status', 'running').throwOnError()
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

/** Lets running jobs end, gives the others back to the queue, closes the database and frees its folder. */
export async function stop(): Promise<void> {
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
