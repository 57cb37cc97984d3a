/**
 * A database with the product's migrations, of the mode of this project: asked as superuser, as a role of the data API
 * with a person's claims, and through supabase-js. For tests of what the database itself refuses.
 */
import { randomBytes } from 'node:crypto'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { PGlite } from '@supabase/lite/pglite'
import postgres from 'postgres'
import { inject } from 'vitest'
import { openEmbeddedSupabase } from '#server/database/embedded'
import type { Database } from '#server/database/types'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { startLiteServer } from './lite-server.ts'
import { createDatabase } from './postgres.ts'

export type Row = Record<string, unknown>
/** `count`: rows read or changed. */
export type Run = (sql: string, parameters?: unknown[]) => Promise<{ rows: Row[], count: number }>

export type Role = 'anon' | 'authenticated' | 'service_role'
export interface Identity { role: Role, userId?: string }

export const anon: Identity = { role: 'anon' }
export const service: Identity = { role: 'service_role' }
export const user = (userId: string): Identity => ({ role: 'authenticated', userId })

export interface TestDatabase {
  /** Whether two statements can run at once: PGlite has one connection. */
  concurrent: boolean
  /** As superuser. */
  run: Run
  /** In one transaction under `set local role`, with the claims that the data API would set. */
  as: <T>(who: Identity, use: (run: Run) => Promise<T>) => Promise<T>
  /** The same, and nothing of it stays. */
  tryAs: <T>(who: Identity, use: (run: Run) => Promise<T>) => Promise<T>
  /** supabase-js with the publishable key. */
  client: () => SupabaseClient<Database>
  close: () => Promise<void>
}

class Rollback extends Error {
  constructor(readonly value: unknown) { super('rolled back on purpose') }
}

type Transact = <T>(use: (run: Run) => Promise<T>) => Promise<T>

async function impersonate(run: Run, { role, userId = '' }: Identity): Promise<void> {
  const claims = JSON.stringify({ role, ...(userId ? { sub: userId } : {}) })
  await run(`select set_config('request.jwt.claims', $1, true), set_config('request.jwt.claim.sub', $2, true),
    set_config('request.jwt.claim.role', $3, true)`, [claims, userId, role])
  await run(`set local role ${role}`)
}

function roles(transact: Transact): Pick<TestDatabase, 'as' | 'tryAs'> {
  const as: TestDatabase['as'] = (who, use) => transact(async (run) => {
    await impersonate(run, who)
    return use(run)
  })
  return {
    as,
    tryAs: async <T>(who: Identity, use: (run: Run) => Promise<T>) => {
      try {
        await as(who, async (run) => { throw new Rollback(await use(run)) })
      }
      catch (error) {
        if (error instanceof Rollback) return error.value as T
        throw error
      }
      throw new Error('unreachable')
    },
  }
}

async function openEmbedded(): Promise<TestDatabase> {
  const supabase = await openEmbeddedSupabase({
    directory: null, jwtSecret: randomBytes(32).toString('base64url'), siteUrl: 'http://localhost:3000', migrations: await readMigrations(),
  })
  const runOn = (on: Pick<PGlite, 'query'>): Run => async (sql, parameters) => {
    const { rows, affectedRows = 0 } = await on.query<Row>(sql, parameters)
    return { rows, count: rows.length || affectedRows }
  }
  return {
    concurrent: false,
    run: runOn(supabase.driver),
    ...roles(use => supabase.driver.transaction(tx => use(runOn(tx)))),
    client: () => newClient(supabase),
    close: supabase.close,
  }
}

async function openPostgres(): Promise<TestDatabase> {
  const database = await createDatabase(inject('postgresUrl'))
  const supabase = await startLiteServer(database.url)
  const sql = postgres(database.url, { max: 6, onnotice: () => {} })
  const runOn = (on: postgres.ISql): Run => async (text, parameters = []) => {
    const rows = await on.unsafe<Row[]>(text, parameters as never[])
    return { rows: [...rows], count: rows.count }
  }
  return {
    concurrent: true,
    run: runOn(sql),
    ...roles(async <T>(use: (run: Run) => Promise<T>) => await sql.begin(tx => use(runOn(tx))) as T),
    client: () => newClient(supabase),
    close: async () => {
      await sql.end()
      await supabase.close()
      await database.drop()
    },
  }
}

function newClient({ url, anonKey, fetch }: { url: string, anonKey: string, fetch?: typeof globalThis.fetch }): SupabaseClient<Database> {
  return createClient<Database>(url, anonKey, { auth: { persistSession: false, autoRefreshToken: false }, global: { fetch } })
}

export function openDatabase(): Promise<TestDatabase> {
  return inject('databaseMode') === 'embedded' ? openEmbedded() : openPostgres()
}

/** Why Postgres refused: its SQLSTATE and message. @throws when it did not */
export async function refusal(attempt: Promise<unknown>): Promise<{ code: string, message: string }> {
  try {
    await attempt
  }
  catch (error) {
    if (error instanceof Error && 'code' in error) return { code: String(error.code), message: error.message }
    throw error
  }
  throw new Error('It was not refused')
}
