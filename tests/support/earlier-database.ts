/** A database as an earlier version left it, of the mode of this project: for what a migration makes of rows that are there. */
import { createPgliteConnection } from '@supabase/lite/pglite'
import { createPostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import { inject } from 'vitest'
import { prepareLite } from '#server/database/lite'
import type { MigrationTarget } from '#server/database/migrations'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { createDatabase } from './postgres.ts'

type Row = Record<string, unknown>

export interface EarlierDatabase {
  target: MigrationTarget
  query: (sql: string, parameters?: unknown[]) => Promise<{ rows: Row[] }>
  close: () => Promise<void>
}

/** @param version of the first migration that it has not seen */
export async function openEarlier(version: string): Promise<EarlierDatabase> {
  const earlier = (await readMigrations()).filter(migration => migration.version < version)
  const closers: (() => Promise<unknown>)[] = []
  const close = async () => { for (const close of closers.reverse()) await close() }
  if (inject('databaseMode') === 'embedded') {
    const connection = await createPgliteConnection({})
    closers.push(() => connection.close())
    const query: EarlierDatabase['query'] = (sql, parameters) => connection.driver.query<Row>(sql, parameters)
    const target: MigrationTarget = { exec: sql => connection.driver.exec(sql), query }
    await prepareLite(connection, target, earlier)
    return { target, query, close }
  }
  const database = await createDatabase(inject('postgresUrl'))
  closers.push(() => database.drop())
  const connection = createPostgresConnection({ url: database.url, postgresOptions: { max: 1, onnotice: () => {} } })
  closers.push(() => connection.close())
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  closers.push(() => sql.end())
  const query: EarlierDatabase['query'] = async (text, parameters = []) => ({ rows: [...await sql.unsafe<Row[]>(text, parameters as never[])] })
  const target: MigrationTarget = { exec: text => sql.unsafe(text), query }
  await prepareLite(connection, target, earlier)
  return { target, query, close }
}
