/** The database of the type generator and of tests: server/database/lite.ts with the migrations of this checkout. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { prepareLite, type LiteApp } from '../../server/database/lite.ts'
import { parseMigration, type Migration } from '../../server/database/migrations.ts'

const migrationsFolder = join(import.meta.dirname, '../../supabase/migrations')

/** The migrations of this checkout, in order. */
export async function readMigrations(folder: string = migrationsFolder): Promise<Migration[]> {
  const files = (await readdir(folder)).filter(name => name.endsWith('.sql')).sort()
  if (files.length === 0) throw new Error(`${folder} holds no migration`)
  return Promise.all(files.map(async name => parseMigration(name, await readFile(join(folder, name), 'utf8'))))
}

type Prepare = Parameters<typeof prepareLite>

/** @param connection not used before */
export async function prepareLiteDatabase(
  connection: Prepare[0], target: Prepare[1], config: Prepare[3] = {}, migrations?: Migration[],
): Promise<LiteApp> {
  return prepareLite(connection, target, migrations ?? await readMigrations(), config)
}
