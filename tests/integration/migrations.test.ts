/** Migrations, on a real database: once, in order, whole or not at all, as the Supabase CLI counts them. */
import { PGlite } from '@supabase/lite/pglite'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { applyMigrations, parseMigration, type Migration, type MigrationTarget } from '#server/database/migrations'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { openDatabase, type TestDatabase } from '../support/database.ts'
import { createDatabase } from '../support/postgres.ts'

let target: MigrationTarget
let close: () => Promise<void>

beforeAll(async () => {
  if (inject('databaseMode') === 'embedded') {
    const database = new PGlite()
    target = { exec: sql => database.exec(sql), query: sql => database.query<Record<string, unknown>>(sql) }
    close = () => database.close()
    return
  }
  const database = await createDatabase(inject('postgresUrl'))
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  target = { exec: text => sql.unsafe(text), query: async text => ({ rows: [...await sql.unsafe<Record<string, unknown>[]>(text)] }) }
  close = async () => {
    await sql.end()
    await database.drop()
  }
})
afterAll(() => close?.())

const migration = (version: string, sql: string): Migration => ({ version, name: `m${version}`, sql })
const versions = async () => (await target.query('select version, name from supabase_migrations.schema_migrations order by version')).rows.map(row => `${String(row.version)}_${String(row.name)}`)
const tables = async () => (await target.query(`select relname from pg_class where relname like 't\\_%' order by 1`)).rows.map(row => row.relname)

describe('applyMigrations', () => {
  it('applies what is missing, in the order of the versions, and notes each', async () => {
    const two = [migration('2', 'alter table t_a add column b int; create table t_b (id int)'), migration('1', 'create table t_a (id int)')]
    expect(await applyMigrations(target, two)).toEqual(['1', '2'])
    expect(await versions()).toEqual(['1_m1', '2_m2'])
    expect(await tables()).toEqual(['t_a', 't_b'])
  })

  it('does nothing the second time', async () => {
    expect(await applyMigrations(target, [migration('1', 'this would fail'), migration('2', 'this too')])).toEqual([])
    expect(await versions()).toEqual(['1_m1', '2_m2'])
  })

  it('takes back one that fails, names it, keeps those before it and tries none after it', async () => {
    const broken = [migration('3', 'create table t_c (id int)'), migration('4', 'create table t_d (id int); select 1/0; create table t_e (id int)'), migration('5', 'create table t_f (id int)')]
    await expect(applyMigrations(target, broken)).rejects.toThrow('Migration 4_m4 failed')
    expect(await tables()).toEqual(['t_a', 't_b', 't_c'])
    expect(await versions()).toEqual(['1_m1', '2_m2', '3_m3'])
    // Mended, it goes on from there, on the same connection.
    expect(await applyMigrations(target, [migration('3', ''), migration('4', 'create table t_d (id int)'), migration('5', 'select 1')])).toEqual(['4', '5'])
  })

  it('applies one that came in late between others', async () => {
    expect(await applyMigrations(target, [migration('0', 'select 1'), migration('5', '')])).toEqual(['0'])
  })

  it('says which one failed without its statements, and keeps the cause', async () => {
    const failure = await applyMigrations(target, [migration('6', 'select 1/0')]).catch((error: unknown) => error)
    expect(failure).toMatchObject({ message: 'Migration 6_m6 failed', cause: expect.objectContaining({ message: expect.stringContaining('division by zero') as string }) as unknown })
  })
})

describe('the product\'s own', () => {
  let db: TestDatabase
  beforeAll(async () => { db = await openDatabase() })
  afterAll(() => db?.close())

  it('stand in the table of the Supabase CLI under the names of their files', async () => {
    const { rows } = await db.run('select version, name from supabase_migrations.schema_migrations order by version')
    expect(rows).toEqual((await readMigrations()).map(({ version, name }) => ({ version, name })))
    const columns = await db.run(`select column_name, data_type from information_schema.columns where table_schema = 'supabase_migrations' and table_name = 'schema_migrations' order by 1`)
    for (const [column_name, data_type] of [['name', 'text'], ['statements', 'ARRAY'], ['version', 'text']]) expect(columns.rows).toContainEqual({ column_name, data_type })
  })

  it('have versions of fourteen digits, each once', async () => {
    const all = (await readMigrations()).map(({ version }) => version)
    expect(all.filter(version => !/^\d{14}$/.test(version))).toEqual([])
    expect(new Set(all).size).toBe(all.length)
  })

  it('bring no transaction of their own: each is applied in one', async () => {
    for (const { name, sql } of await readMigrations()) expect(/^\s*(?:begin|commit|rollback)\s*;/im.test(sql.replace(/\$\$[\s\S]*?\$\$/g, '')), name).toBe(false)
  })
})

it.each(['1.sql', 'a_b.sql', '1_B.sql', '1_a.txt', '../1_a.sql', '1_a\'); drop table x; --.sql', '1_.sql'])('refuses a file named %s', (name) => {
  expect(() => parseMigration(name, '')).toThrow('is not named <version>_<name>.sql')
})
