/**
 * The database of an integration test, in the mode that its vitest project says: the embedded one, or Supabase over HTTP
 * on a real PostgreSQL. The tests are the same.
 */
import { randomBytes } from 'node:crypto'
import { inject } from 'vitest'
import { startLiteServer, type LiteServer } from './lite-server.ts'
import { createDatabase } from './postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseMode: 'embedded' | 'supabase'
    /** Superuser's URL of the run's PostgreSQL, in the projects that have one. */
    postgresUrl: string
  }
}

export interface Backend {
  mode: 'embedded' | 'supabase'
  /** What the app needs in its environment to use this database. */
  env: Record<string, string>
  /** The Supabase server, in Supabase mode. */
  supabase: LiteServer | null
  /** After the app has stopped. */
  close: () => Promise<void>
}

/** As `ENCRYPTION_KEY` wants it. */
export const newEncryptionKey = () => randomBytes(32).toString('base64')

/** A fresh database of the mode of this project, for one suite. */
export async function openBackend(mode: Backend['mode'] = inject('databaseMode')): Promise<Backend> {
  if (mode === 'embedded') return { mode, env: {}, supabase: null, close: async () => {} }
  const database = await createDatabase(inject('postgresUrl'))
  const supabase = await startLiteServer(database.url)
  return {
    mode,
    env: {
      SUPABASE_URL: supabase.url,
      SUPABASE_ANON_KEY: supabase.anonKey,
      SUPABASE_SERVICE_ROLE_KEY: supabase.serviceRoleKey,
      DATABASE_URL: supabase.databaseUrl,
      ENCRYPTION_KEY: newEncryptionKey(),
    },
    supabase,
    close: async () => {
      await supabase.close()
      await database.drop()
    },
  }
}
