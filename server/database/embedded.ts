/**
 * The embedded Supabase: Supabase Lite on PGlite, in this process, reached through supabase-js like the real one. It is
 * never on the network: supabase-js gets a `fetch` that calls it.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { ConsoleEmailDriver } from '@supabase/lite'
import { createPgliteConnection, PGlite } from '@supabase/lite/pglite'
import { prepareLite } from './lite'
import type { Migration } from './migrations'
import { newTurns, sessionInTurns, type Session } from './turns'

/** Answers nothing on any network; not a loopback name, which Lite might treat as a trusted developer. */
const EMBEDDED_URL = 'http://embedded.invalid'

export interface EmbeddedSupabase {
  url: string
  anonKey: string
  serviceRoleKey: string
  fetch: typeof fetch
  /** The same database, for the queue. */
  driver: Session
  close: () => Promise<void>
}

/**
 * @param options.directory null: in memory, for tests
 * @param options.jwtSecret signs the session tokens; the same across restarts, or everybody is signed out
 */
export async function openEmbeddedSupabase(options: {
  directory: string | null
  jwtSecret: string
  siteUrl: string
  migrations: Migration[]
}): Promise<EmbeddedSupabase> {
  const directory = options.directory === null ? undefined : join(options.directory, 'database')
  const connection = await createPgliteConnection({
    ...(directory ? { url: directory } : {}),
    // Postgres' default of 128 MB would stay in this process; the system's file cache is behind it anyhow.
    pgliteOptions: { startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'] },
  })
  // Made per process: they are never seen outside of it.
  const anonKey = `sb_publishable_${randomBytes(24).toString('base64url')}`
  const serviceRoleKey = `sb_secret_${randomBytes(24).toString('base64url')}`
  const app = await prepareLite(connection, {
    exec: sql => connection.driver.exec(sql),
    query: sql => connection.driver.query<Record<string, unknown>>(sql),
  }, options.migrations, {
    auth: {
      jwt_secret: options.jwtSecret,
      jwt_expiry: 3600,
      publishable_key: anonKey,
      secret_key: serviceRoleKey,
      site_url: options.siteUrl,
      enable_refresh_token_rotation: true,
      refresh_token_reuse_interval: 10,
      minimum_password_length: 8,
    },
    options: { drivers: { email: new ConsoleEmailDriver({ silent: true }) } },
  })

  const turn = newTurns()
  return {
    url: EMBEDDED_URL,
    anonKey,
    serviceRoleKey,
    fetch: (input, init) => turn(() => app.fetch(new Request(input, init))),
    driver: sessionInTurns(connection.driver, turn),
    close: () => turn(() => connection.close()),
  }
}
