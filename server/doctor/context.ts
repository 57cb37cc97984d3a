import { existsSync } from 'node:fs'
import { inspectEmbedded, inspectPostgres, NoDatabaseError, type Inspection } from '#server/database/inspect'
import { DataDirLockedError } from '#server/database/lock'
import { EnvironmentError, loadEnv, type Env, type EnvironmentFault, type ProviderNeeds } from '#server/utils/env'
import { Skipped, type Context } from './contract'

export type ContextOptions = Pick<Context, 'port' | 'migrations' | 'keyCensus' | 'now'>

/** @param providers whose variables are read too. @returns the context, and what closes what it opened */
export function createContext(providers: readonly ProviderNeeds[], options: ContextOptions): { context: Context, close: () => Promise<void> } {
  const { env, faults } = readEnvironment(providers)
  let opened: Promise<Inspection> | null = null

  const known = (): Env => {
    if (!env) throw new Skipped('the environment has faults')
    return env
  }
  const database = () => opened ??= open(known())
  return {
    context: {
      ...options,
      faults,
      env: known,
      database,
      query: async (sql, role) => (await database().catch(away)).query(sql, role),
      clocks: [],
    },
    close: async () => (await opened?.catch(() => null))?.close(),
  }
}

function readEnvironment(providers: readonly ProviderNeeds[]): { env: Env | null, faults: readonly EnvironmentFault[] } {
  try {
    return { env: loadEnv(providers), faults: [] }
  }
  catch (error) {
    if (error instanceof EnvironmentError) return { env: null, faults: error.faults }
    throw error
  }
}

async function open({ supabase, dataDir }: Env): Promise<Inspection> {
  if (supabase) {
    const inspection = inspectPostgres(supabase.databaseUrl)
    try {
      await inspection.query('select 1')
      return inspection
    }
    catch (error) {
      await inspection.close()
      throw error
    }
  }
  try {
    return await inspectEmbedded(dataDir)
  }
  catch (error) {
    if (error instanceof NoDatabaseError) throw new Skipped(`${existsSync(dataDir) ? error.message : `${dataDir} is not there yet`}; the first start makes it`)
    if (error instanceof DataDirLockedError) throw new Skipped('the app runs on the embedded database, which takes one process: stop it to have its database checked')
    throw error
  }
}

function away(error: unknown): never {
  throw error instanceof Skipped ? error : new Skipped('the database is away')
}
