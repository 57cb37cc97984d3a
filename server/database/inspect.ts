/**
 * The database as an operator's tool looks at it: with SQL, read only, and without opening the app: nothing is made,
 * migrated or changed by looking.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PGlite } from '@supabase/lite/pglite'
import postgres from 'postgres'
import { lockDataDir } from './lock'

export type Row = Record<string, unknown>

export interface Inspection {
  /** One statement, in a transaction that can't write. `role`: under that role's own privileges. */
  query: (sql: string, role?: 'service_role') => Promise<Row[]>
  close: () => Promise<void>
}

/** There is no database yet: the first start makes it. */
export class NoDatabaseError extends Error {
  override name = 'NoDatabaseError'
}

const setup = (role?: string) => `set transaction read only; ${role ? `set local role ${role};` : ''}`

/** The Postgres of DATABASE_URL. Connects with the first statement. */
export function inspectPostgres(databaseUrl: string): Inspection {
  const sql = postgres(databaseUrl, { max: 1, connect_timeout: 10, onnotice: () => {}, prepare: false })
  return {
    query: (text, role) => sql.begin(async (transaction) => {
      await transaction.unsafe(`${setup(role)} set local statement_timeout = '20s'`)
      return [...await transaction.unsafe<Row[]>(text)]
    }),
    close: () => sql.end({ timeout: 5 }),
  }
}

/**
 * The embedded database, whose folder takes one process.
 * @throws NoDatabaseError; DataDirLockedError while the app runs
 */
export async function inspectEmbedded(dataDir: string): Promise<Inspection> {
  const directory = join(dataDir, 'database')
  if (!existsSync(directory)) throw new NoDatabaseError(`${dataDir} holds no database yet`)
  const unlock = await lockDataDir(dataDir, { patienceMs: 0 })
  try {
    const database = await PGlite.create(directory)
    return {
      query: (text, role) => database.transaction(async (transaction) => {
        await transaction.exec(setup(role))
        return (await transaction.query<Row>(text)).rows
      }),
      close: async () => {
        await database.close()
        await unlock()
      },
    }
  }
  catch (error) {
    await unlock()
    throw error
  }
}
