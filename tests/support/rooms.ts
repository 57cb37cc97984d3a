/**
 * The server's own rooms in this process, on a real database and a provider over HTTP, without the HTTP edge and without a
 * worker: scans run when the test says so, and the clock is an argument. What is written here is what the app writes.
 */
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import postgres from 'postgres'
import { inject } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { anonClient, userClient, useSupabase, type SupabaseAddress } from '#server/database/clients'
import { openEmbeddedSupabase } from '#server/database/embedded'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection, type Connected } from '#server/integrations/connect'
import { closeLimiter } from '#server/limits'
import { openFlow } from '#server/oauth/state'
import { startQueue, stopQueue } from '#server/queue'
import { requestScan } from '#server/scanner/request'
import { runAssessment } from '#server/scanner/run'
import { getAssessment } from '#server/scanner/view'
import { useEncryptionKeys } from '#server/utils/encryption'
import { loadEnv } from '#server/utils/env'
import { captureConsole } from '#server/utils/log'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { newEncryptionKey, openBackend, type Backend } from './backend.ts'
import { newPerson } from './client.ts'
import { consent } from './consent.ts'
import { callbacks, startProvider, type Provider, type ProviderOptions } from './provider.ts'

export const from = { ip: '127.0.0.1', userAgent: 'test', requestId: 'test-request' }

type Row = Record<string, unknown>
export type Assessment = Awaited<ReturnType<typeof getAssessment>>

export interface Rooms {
  mode: Backend['mode']
  provider: Provider
  /** What another process needs in its environment to work on the same database and provider. */
  env: Record<string, string>
  /** For `holdCalls`. */
  address: SupabaseAddress
  /** Past every policy and privilege. */
  sql: <R extends Row = Row>(text: string, parameters?: unknown[]) => Promise<R[]>
  /** Somebody new, with an organization of their own. */
  person: () => Promise<Caller>
  /** Through the provider's consent page. @returns the integration's id @throws ConnectRefused, or when it has to be confirmed */
  connect: (who: Caller, integrationId?: string | null) => Promise<string>
  /** The same, ended as it may: stored, or waiting to be confirmed. */
  arrive: (who: Caller, integrationId?: string | null) => Promise<Connected>
  /** Runs the integration's open assessment, or a new one, to its end. */
  scan: (who: Caller, integrationId: string) => Promise<Assessment>
  close: () => Promise<void>
}

const appUrl = 'http://localhost:3999'

export async function openRooms(options: { provider?: Omit<ProviderOptions, 'redirectUris'> } = {}): Promise<Rooms> {
  const closers: (() => unknown)[] = []
  const provider = await startProvider({ ...options.provider, redirectUris: callbacks(appUrl) })
  closers.push(provider.close)
  const backend = await openBackend(inject('databaseMode'))
  closers.push(backend.close)
  const env = { ENCRYPTION_KEY: newEncryptionKey(), APP_URL: appUrl, LOG_LEVEL: 'silent', ...provider.env, ...backend.env }
  Object.assign(process.env, env)
  loadEnv([supabase.id])
  // As the app does: Lite writes each refused statement to the console.
  const { warn, error } = console
  captureConsole(console)
  closers.push(() => Object.assign(console, { warn, error }))
  useEncryptionKeys({ current: env.ENCRYPTION_KEY })
  const { sql, address } = backend.supabase ? await openSupabase(backend.supabase.databaseUrl) : await openEmbedded()
  closers.push(stopQueue.bind(null, 5_000))
  // What it still has to tell would meet a database on its way out.
  closers.push(closeLimiter)

  async function openSupabase(databaseUrl: string): Promise<Pick<Rooms, 'sql' | 'address'>> {
    if (!backend.supabase) throw new Error('There is no Supabase in this mode')
    useSupabase(backend.supabase)
    await startQueue({ databaseUrl })
    const connection = postgres(databaseUrl, { max: 2, onnotice: () => {} })
    closers.push(() => connection.end())
    return { address: backend.supabase, sql: async <R extends Row>(text: string, parameters: unknown[] = []) => [...await connection.unsafe<R[]>(text, parameters as never[])] }
  }

  async function openEmbedded(): Promise<Pick<Rooms, 'sql' | 'address'>> {
    const embedded = await openEmbeddedSupabase({
      directory: null, jwtSecret: randomBytes(32).toString('base64url'), siteUrl: appUrl, migrations: await readMigrations(),
    })
    closers.push(embedded.close)
    useSupabase(embedded)
    await startQueue({ embedded: embedded.driver })
    return { address: embedded, sql: async <R extends Row>(text: string, parameters: unknown[] = []) => (await embedded.driver.query<R>(text, parameters)).rows }
  }

  return {
    mode: backend.mode,
    provider,
    env,
    address,
    sql,
    person,
    connect,
    arrive,
    scan: async (who, integrationId) => {
      const [open] = await sql<{ id: string }>('select id from public.assessments where integration_id = $1 and status in (\'queued\', \'running\')', [integrationId])
      const id = open?.id ?? await requestScan(who, integrationId, from)
      await runAssessment(id, new AbortController().signal)
      return getAssessment(who, id)
    },
    close: async () => {
      for (const close of closers.splice(0).reverse()) await close()
      useSupabase(null)
    },
  }
}

async function person(): Promise<Caller> {
  const { email, password, organization } = newPerson()
  const { data, error } = await anonClient().auth.signUp({ email, password })
  if (error || !data.user || !data.session) throw new Error('Nobody could sign up', { cause: error })
  const client = userClient(data.session.access_token)
  const created = await client.rpc('create_organization', { p_name: organization }).throwOnError()
  return { userId: data.user.id, email, organizationId: created.data, client }
}

async function connect(who: Caller, integrationId: string | null = null): Promise<string> {
  const connected = await arrive(who, integrationId)
  if (connected.integrationId === undefined) throw new Error('That is another account: it has to be confirmed')
  return connected.integrationId
}

async function arrive(who: Caller, integrationId: string | null = null): Promise<Connected> {
  const { url, cookie } = await beginConnection(supabase, who, integrationId)
  const answer = new URL(await consent(url.href, 'approve'))
  return finishConnection(supabase, who, openFlow(cookie.value), answer.searchParams.get('code') ?? '', from)
}
