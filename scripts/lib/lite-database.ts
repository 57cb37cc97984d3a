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

const roles = `do $$ begin
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
  if not exists (select from pg_roles where rolname = 'service_role') then create role service_role nologin bypassrls; end if;
end $$`

/** The migrations of this checkout, in order. */
export async function readMigrations(folder: string = migrationsFolder): Promise<Migration[]> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0) throw new Error(`${folder} holds no migration`)
  return Promise.all(files.map(async name => parseMigration(name, await readFile(join(folder, name), 'utf8'))))
}

type Connection = NonNullable<ConstructorParameters<typeof App>[0]['connection']>
type AppConfig = Omit<ConstructorParameters<typeof App>[0], 'connection'>

/**
 * Makes the roles, starts Lite on the connection and applies the migrations.
 * @param connection not used before
 */
export async function prepareLiteDatabase(
  connection: Awaited<Connection>,
  target: MigrationTarget,
  config: AppConfig = {},
  migrations?: Migration[],
): Promise<App> {
  // Lite would otherwise grant everything on every table with row level security, undoing our column privileges.
  Object.assign(connection, { rlsState: 'active' })
  await target.exec(roles)
  const app = new App({ connection, ...config })
  await app.init()
  await app.ensureSystemSchema()
  await applyMigrations(target, migrations ?? await readMigrations())
  return app
}
