/**
 * A Supabase out of a bare Postgres: the roles, Lite's system schemas (auth.users, auth.uid()) and our migrations, in the
 * order in which a hosted Supabase has them. Used by the embedded Supabase, the type generator and the tests; plain Node
 * runs it too, hence the file endings.
 */
import { App } from '@supabase/lite'
import { applyMigrations, type Migration, type MigrationTarget } from './migrations.ts'

type AppConfig = ConstructorParameters<typeof App>[0]

const role = (name: string, options: string) => `
  begin
    if not exists (select from pg_roles where rolname = '${name}') then create role ${name} ${options}; end if;
  exception when duplicate_object or unique_violation then null; -- made by another database of this cluster meanwhile
  end;`

/** The roles that a Supabase cluster comes with. */
export const roles = `do $$ begin ${role('anon', 'nologin')} ${role('authenticated', 'nologin')}
  ${role('service_role', 'nologin bypassrls')} end $$`

/** Supabase's HTTP API on the prepared database. */
export interface LiteApp { fetch: (request: Request) => Promise<Response> }

/**
 * @param connection not used before
 * @param target the same database, for the migrations
 */
export async function prepareLite(
  connection: NonNullable<AppConfig['connection']>, target: MigrationTarget, migrations: Migration[], config: Omit<AppConfig, 'connection'> = {},
): Promise<LiteApp> {
  // On its first request Lite grants everything on every table with row level security to anon and authenticated, which
  // would undo the column privileges that keep `integrations.config` in. This tells it that the roles are taken care of.
  Object.assign(connection, { rlsState: 'active' })
  await target.exec(roles)
  const app = new App({ connection, ...config })
  await app.init()
  await app.ensureSystemSchema()
  await applyMigrations(target, migrations)
  return { fetch: async request => app.fetch(request) }
}
