/** A database for tests of the limiter, in the mode of this project, with what it takes to look into it. */
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import { createClient } from '@supabase/supabase-js'
import postgres from 'postgres'
import { vi } from 'vitest'
import type { Client, SupabaseAddress } from '#server/database/clients'
import { openEmbeddedSupabase } from '#server/database/embedded'
import type { Database } from '#server/database/types'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { openBackend } from './backend.ts'
import type { Row } from './database.ts'
import { newOrganization } from './organizations.ts'

export interface LimitsDatabase {
  address: SupabaseAddress
  /** As the service role, each time over connections of its own. */
  client: () => Client
  /** As superuser. */
  sql: <R extends object = Row>(text: string, parameters?: unknown[]) => Promise<R[]>
  organization: () => Promise<string>
  /** What is logged from now on. */
  logLines: () => string[]
  close: () => Promise<void>
}

type Sql = LimitsDatabase['sql']

export async function openLimits(): Promise<LimitsDatabase> {
  const backend = await openBackend()
  const embedded = backend.supabase ? null : await openEmbeddedSupabase({ directory: null, jwtSecret: randomBytes(32).toString('base64url'), siteUrl: 'http://localhost:3000', migrations: await readMigrations() })
  const address: SupabaseAddress = embedded ?? backend.supabase ?? never()
  const { url, serviceRoleKey, fetch } = address
  const pool = backend.supabase ? postgres(backend.supabase.databaseUrl, { max: 2, onnotice: () => {} }) : null
  const sql: Sql = async <R extends object>(text: string, parameters: unknown[] = []) => pool
    ? [...await pool.unsafe<R[]>(text, parameters as never[])]
    : (await embedded?.driver.query<R>(text, parameters))?.rows ?? []
  return {
    address,
    client: () => createClient<Database>(url, serviceRoleKey, { auth: { persistSession: false, autoRefreshToken: false }, global: { fetch } }),
    sql,
    organization: async () => (await newOrganization(async (text, parameters) => {
      const rows = await sql<Row>(text, parameters)
      return { rows, count: rows.length }
    })).id,
    logLines: () => {
      const lines: string[] = []
      vi.spyOn(process.stdout, 'write').mockImplementation((line) => {
        lines.push(String(line))
        return true
      })
      return lines
    },
    close: async () => {
      await pool?.end()
      await embedded?.close()
      await backend.close()
    },
  }
}

const never = (): never => { throw new Error('There is no database') }
