/** Entries from before the chain: numbered and hashed in the order of their times by the migration that brings it. */
import { createPgliteConnection } from '@supabase/lite/pglite'
import { createPostgresConnection } from '@supabase/lite/postgres'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { prepareLite } from '#server/database/lite'
import { applyMigrations, type MigrationTarget } from '#server/database/migrations'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { createDatabase } from '../support/postgres.ts'

const chain = '20261123000100'
const closers: (() => Promise<unknown>)[] = []
let target: MigrationTarget

beforeAll(async () => {
  const earlier = (await readMigrations()).filter(({ version }) => version < chain)
  if (inject('databaseMode') === 'embedded') {
    const connection = await createPgliteConnection({})
    closers.push(() => connection.close())
    target = { exec: sql => connection.driver.exec(sql), query: sql => connection.driver.query<Record<string, unknown>>(sql) }
    await prepareLite(connection, target, earlier)
    return
  }
  const database = await createDatabase(inject('postgresUrl'))
  closers.push(() => database.drop())
  const connection = createPostgresConnection({ url: database.url, postgresOptions: { max: 1, onnotice: () => {} } })
  closers.push(() => connection.close())
  const sql = postgres(database.url, { max: 1, onnotice: () => {} })
  closers.push(() => sql.end())
  target = { exec: text => sql.unsafe(text), query: async text => ({ rows: [...await sql.unsafe<Record<string, unknown>[]>(text)] }) }
  await prepareLite(connection, target, earlier)
})
afterAll(async () => {
  for (const close of closers.reverse()) await close()
})

const [acme, other] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b']

it('numbers what is there, and goes on from it', async () => {
  // Two organizations and none, out of order, some at the same moment.
  await target.exec(`insert into public.audit_log (organization_id, actor_type, action, created_at)
    select (array['${acme}', '${other}', null]::uuid[])[n % 3 + 1], 'system', 'scan.completed', timestamptz '2026-01-01' + (n * 7919 % 40) * interval '1 h' from generate_series(1, 300) n`)
  await applyMigrations(target, await readMigrations())
  for (const organization of [acme, other, '00000000-0000-0000-0000-000000000000']) {
    const verify = async () => (await target.query(`select checked::int, head_seq::int, complete, fault_kind from private.audit_faults('${organization}', 0, 1000)`)).rows
    expect(await verify()).toEqual([{ checked: 100, head_seq: 100, complete: true, fault_kind: null }])
    await target.exec(`insert into public.audit_log (organization_id, actor_type, action) values (nullif('${organization}', '00000000-0000-0000-0000-000000000000')::uuid, 'system', 'scan.completed')`)
    expect(await verify()).toEqual([{ checked: 101, head_seq: 101, complete: true, fault_kind: null }])
  }
  const { rows } = await target.query(`select count(*)::int as n from (select (created_at, id) < lag((created_at, id)) over (partition by organization_id order by seq) as earlier from public.audit_log) x where earlier`)
  expect(rows).toEqual([{ n: 0 }])
})

it('leaves the log append-only', async () => {
  for (const sql of ['update public.audit_log set ip = null', 'delete from public.audit_log', 'truncate public.audit_log']) {
    await expect(target.exec(sql)).rejects.toThrow('audit_log is append-only')
  }
})
