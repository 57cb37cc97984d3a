/**
 * Applies supabase/migrations/*.sql, in order, each in a transaction with its row in
 * `supabase_migrations.schema_migrations`: the table and the version format that the Supabase CLI uses, so that
 * `supabase db push` and this agree about what has been applied.
 */
export interface Migration { version: string, name: string, sql: string }

/** What a migration runs on: PGlite here, a Postgres client in tests. */
export interface MigrationTarget {
  /** Runs several statements. */
  exec: (sql: string) => Promise<unknown>
  query: (sql: string) => Promise<{ rows: Record<string, unknown>[] }>
}

/** The file's name is `<version>_<name>.sql`; the Supabase CLI wants the version numeric. */
export function parseMigration(file: string, sql: string): Migration {
  const match = /^(\d+)_([a-z0-9_]+)\.sql$/.exec(file)
  if (!match?.[1] || !match[2]) throw new Error(`${file} is not named <version>_<name>.sql`)
  return { version: match[1], name: match[2], sql }
}

/**
 * @returns the versions applied now
 * @throws when one fails, naming it; it is rolled back, and the ones before it stay
 */
export async function applyMigrations(target: MigrationTarget, migrations: Migration[]): Promise<string[]> {
  await target.exec(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
  `)
  const { rows } = await target.query('select version from supabase_migrations.schema_migrations')
  const applied = new Set(rows.map(row => String(row.version)))
  const pending = migrations.filter(migration => !applied.has(migration.version))
    .sort((a, b) => a.version.localeCompare(b.version))

  for (const migration of pending) {
    try {
      // Version and name are digits, letters and underscores: see parseMigration. The file's last semicolon may be missing.
      await target.exec(`begin;\n${migration.sql}\n;
        insert into supabase_migrations.schema_migrations (version, name) values ('${migration.version}', '${migration.name}');
        commit;`)
    }
    catch (error) {
      await target.exec('rollback')
      throw new Error(`Migration ${migration.version}_${migration.name} failed`, { cause: error })
    }
  }
  return pending.map(migration => migration.version)
}
