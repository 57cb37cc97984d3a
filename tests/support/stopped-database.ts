/** The database of a stack whose app is stopped, past every policy and privilege, in either mode. */
import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { openEmbeddedSupabase } from '#server/database/embedded'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import type { Stack } from './stack.ts'

type Row = Record<string, unknown>

/** @throws with the embedded database, when the app runs: the folder is one process's */
export async function stoppedSql<R extends Row = Row>({ app, backend }: Stack, text: string, parameters: unknown[] = []): Promise<R[]> {
  if (backend.supabase) {
    const sql = postgres(backend.supabase.databaseUrl, { max: 1, onnotice: () => {} })
    try {
      return [...await sql.unsafe<R[]>(text, parameters as never[])]
    }
    finally {
      await sql.end()
    }
  }
  if (app.running()) throw new Error('Stop the app first: it holds the embedded database.')
  const embedded = await openEmbeddedSupabase({
    directory: app.dataDir, jwtSecret: randomBytes(32).toString('base64url'), siteUrl: app.url, migrations: await readMigrations(),
  })
  try {
    return (await embedded.driver.query<R>(text, parameters)).rows
  }
  finally {
    await embedded.close()
  }
}
