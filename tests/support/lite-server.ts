/**
 * "Supabase mode" without a Supabase: Supabase Lite over HTTP in front of a real PostgreSQL, with the same migrations.
 * What the app gets of it is what it would get of a hosted project: an address, two keys and a connection string.
 */
import { randomBytes } from 'node:crypto'
import { ConsoleEmailDriver } from '@supabase/lite'
import { createPostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import { prepareLiteDatabase } from '../../scripts/lib/lite-database.ts'
import { serveHttp } from './http-server.ts'

export interface LiteServer {
  url: string
  anonKey: string
  serviceRoleKey: string
  databaseUrl: string
  close: () => Promise<void>
}

const key = (kind: string) => `sb_${kind}_${randomBytes(24).toString('base64url')}`

/**
 * Lite hands JSON over as text already, which its PostgreSQL driver would encode a second time (an object would arrive as a
 * string); its PGlite driver does as we do here.
 */
const json = (oid: number) => ({
  to: oid,
  from: [oid],
  serialize: (value: unknown) => typeof value === 'string' ? value : JSON.stringify(value),
  parse: (text: string): unknown => JSON.parse(text),
})

/** @param databaseUrl an empty database; the caller drops it after `close` */
export async function startLiteServer(databaseUrl: string): Promise<LiteServer> {
  const connection = createPostgresConnection({ url: databaseUrl, postgresOptions: { max: 8, onnotice: () => {}, types: { json: json(114), jsonb: json(3802) } } })
  // Migrations bring their own transactions, which this driver takes on a single connection only.
  const migrator = postgres(databaseUrl, { max: 1, onnotice: () => {} })
  const keys = { anonKey: key('publishable'), serviceRoleKey: key('secret') }
  try {
    const app = await prepareLiteDatabase(connection, {
      exec: sql => migrator.unsafe(sql),
      query: async sql => ({ rows: [...await migrator.unsafe<Record<string, unknown>[]>(sql)] }),
    }, {
      auth: {
        jwt_secret: randomBytes(32).toString('base64url'),
        jwt_expiry: 3600,
        publishable_key: keys.anonKey,
        secret_key: keys.serviceRoleKey,
        site_url: 'http://localhost:3000',
        enable_refresh_token_rotation: true,
        refresh_token_reuse_interval: 10,
        minimum_password_length: 10,
      },
      options: {
        drivers: { email: new ConsoleEmailDriver({ silent: true }) },
        // A request without a key must never be served as the service role, though it comes from this machine.
        server: { admin: false },
      },
    })
    const server = await serveHttp(request => app.fetch(request))
    return {
      url: server.url,
      ...keys,
      databaseUrl,
      close: async () => {
        await server.close()
        await connection.close()
      },
    }
  }
  catch (error) {
    await connection.close()
    throw error
  }
  finally {
    await migrator.end()
  }
}
