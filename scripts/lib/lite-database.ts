/**
 * A Supabase database out of a bare Postgres: the roles, Lite's system schemas (auth.users, auth.uid()) and our own
 * migrations, in the order in which a hosted Supabase has them. For the type generator and for tests; the product
 * itself does this in server/database/embedded.ts.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { App } from '@supabase/lite'
import { applyMigrations, parseMigration, type Migration, type MigrationTarget } from '../../server/database/migrations.ts'

const migrationsFolder = join(import.meta.dirname, '../../supabase/migrations')

const role = (name: string, options: string) => `
  begin
    if not exists (select from pg_roles where rolname = '${name}') then create role ${name} ${options}; end if;
  exception when duplicate_object or unique_violation then null; -- made by another database of this cluster meanwhile
  end;`

/** The roles that a Supabase cluster comes with. */
export const roles = `do $$ begin ${role('anon', 'nologin')} ${role('authenticated', 'nologin')}
  ${role('service_role', 'nologin bypassrls')} end $$`

/** The migrations of this checkout, in order. */
export async function readMigrations(folder: string = migrationsFolder): Promise<Migration[]> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0) throw new Error(`${folder} holds no migration`)
  return Promise.all(files.map(async name => parseMigration(name, await readFile(join(folder, name), 'utf8'))))
}

type AppConfig = ConstructorParameters<typeof App>[0]

/** Supabase's HTTP API on the prepared database. */
export interface LiteApp { fetch: (request: Request) => Promise<Response> }

/**
 * Makes the roles, starts Lite on the connection and applies the migrations.
 * @param connection not used before
 */
export async function prepareLiteDatabase(
  connection: NonNullable<AppConfig['connection']>,
  target: MigrationTarget,
  config: Omit<AppConfig, 'connection'> = {},
  migrations?: Migration[],
): Promise<LiteApp> {
  // Lite would otherwise grant everything on every table with row level security, undoing our column privileges.
  Object.assign(connection, { rlsState: 'active' })
  await target.exec(roles)
  const app = new App({ connection, ...config })
  await app.init()
  await app.ensureSystemSchema()
  await applyMigrations(target, migrations ?? await readMigrations())
  return { fetch: async request => app.fetch(request) }
}
