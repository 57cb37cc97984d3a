/** Entries from before the chain: numbered and hashed in the order of their times by the migration that brings it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { applyMigrations } from '#server/database/migrations'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { openEarlier, type EarlierDatabase } from '../support/earlier-database.ts'

let target: EarlierDatabase['target']
let close: EarlierDatabase['close']
beforeAll(async () => { ({ target, close } = await openEarlier('20261123000100')) })
afterAll(() => close?.())

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
