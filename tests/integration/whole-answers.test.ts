/** The data API gives out 1,000 rows at most and says nothing of the rest. What has to be whole is, past that. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { keyCensus as holdings } from '#server/doctor/key-census'
import { makeCalendar, readCalendar } from '#server/integrations/calendar'
import { healthReport } from '#server/integrations/health-report'
import { keyCensus } from '#server/integrations/key-census'
import { keyNeeds } from '#server/integrations/keys-check'
import { enabledTargets } from '#server/scanner/targets'
import { ciphertext } from '../support/organizations.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { seedSealed } from '../support/sealed-integrations.ts'

/** More than one answer holds. */
const MANY = 1_100
let rooms: Rooms
let who: Caller
let id: string

beforeAll(async () => {
  rooms = await openRooms()
  who = await rooms.person()
  id = await rooms.connect(who)
}, 60_000)
afterAll(() => rooms?.close())

it('is cut by the data API of this test as well', async () => {
  await rooms.sql(`insert into public.organizations (name) select 'Many ' || n from generate_series(1, ${MANY}) n`)
  const { data } = await serviceClient().from('organizations').select('id')
  expect(data).toHaveLength(1_000)
})

describe('with more keys than one answer holds', () => {
  beforeAll(async () => {
    await rooms.sql(`insert into public.organizations (name) select 'Keyed ' || n from generate_series(1, ${MANY}) n`)
    await rooms.sql(`insert into public.organization_keys (organization_id, key_id, wrapped, kek_id)
      select id, substring(md5(id::text) for 8), 'kms:AAAA', 'kms:alias/x' from public.organizations where name like 'Keyed %'`)
    const [, ...rows] = await seedSealed(rooms.sql, 3, 1)
    // Under ENCRYPTION_KEY itself, in three organizations out of thousands.
    for (const row of rows) await rooms.sql(`update public.integrations set config = config || jsonb_build_object('access_token', $2::text) where id = $1`, [row.id, `deadbeef${ciphertext().slice(8)}`])
  }, 60_000)

  it('counts each of them, and those of a key that few values need', async () => {
    const uses = await keyCensus()
    expect(uses.filter(use => use.kind === 'wrap' && use.keyId === 'kms:alias/x')).toMatchObject([{ held: MANY, organizations: MANY }])
    expect(uses.filter(use => use.kind === 'data_key').length).toBeGreaterThan(MANY)
    expect(uses.filter(use => use.kind === 'direct')).toEqual([{ kind: 'direct', keyId: 'deadbeef', held: 2, encryptions: 0, organizations: 2, known: false, current: false }])
  })

  it('tells the doctor the same', async () => {
    const told = await holdings(async sql => rooms.sql(sql))
    expect(told.filter(holding => holding.kind !== 'data_key')).toEqual(expect.arrayContaining([
      { kind: 'wrap', keyId: 'kms:alias/x', held: MANY, known: true }, { kind: 'direct', keyId: 'deadbeef', held: 2, known: false }]))
  })

  it('knows every key that a start needs', async () => {
    const seeded = await seedSealed(rooms.sql, 1, MANY)
    await rooms.sql(`update public.integrations set config = config || jsonb_build_object('access_token', substring(md5(id::text) for 8) || substring(config ->> 'access_token' from 9))
      where organization_id = $1`, [seeded[0]?.organizationId])
    expect((await keyNeeds()).filter(need => need.kind === 'direct' && need.held === 1).length).toBe(MANY)
    await rooms.sql('delete from public.integrations where organization_id = $1', [seeded[0]?.organizationId])
  }, 60_000)
})

it('scans every resource of a grant', async () => {
  await rooms.sql(`insert into public.integration_resources (organization_id, integration_id, kind, external_id, name)
    select $1, $2, 'project', 'many-' || n, 'Many ' || n from generate_series(1, ${MANY}) n`, [who.organizationId, id])
  const [{ n } = { n: 0 }] = await rooms.sql<{ n: number }>('select count(*)::int as n from public.integration_resources where integration_id = $1', [id])
  const targets = await Array.fromAsync(enabledTargets(id, null))
  expect(new Set(targets.map(target => target.id)).size).toBe(n)
  expect(targets).toHaveLength(n)
})

describe('in a large organization', () => {
  const members = Array.from({ length: MANY }, () => randomUUID()).sort()

  beforeAll(async () => {
    await rooms.sql(`insert into auth.users (id, email) select m::uuid, m || '@example.com' from jsonb_array_elements_text($1::text::jsonb) m`, [JSON.stringify(members)])
    await rooms.sql(`insert into public.user_organizations (user_id, organization_id, role) select m::uuid, $2, 'member' from jsonb_array_elements_text($1::text::jsonb) m`, [JSON.stringify(members), who.organizationId])
  }, 60_000)

  it('knows that whoever connected it is a member still', async () => {
    for (const connectedBy of [members[0], members.at(-1)]) {
      await rooms.sql('update public.integrations set connected_by = $2 where id = $1', [id, connectedBy])
      const { forecast } = await healthReport(who, id)
      expect(forecast.causes.map(({ cause }) => cause)).not.toContain('connected_by_left')
    }
    await rooms.sql('delete from public.user_organizations where user_id = $1', [members.at(-1)])
    expect((await healthReport(who, id)).forecast.causes.map(({ cause }) => cause)).toContain('connected_by_left')
  })

  it('has every connection in its calendar', async () => {
    await rooms.sql(`insert into public.integrations (organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, refresh_due_at)
      select $1, 'supabase', 'Many ' || n, $2::text::jsonb, '0 6 * * *', 'many-' || n, 'Many', now() from generate_series(1, ${MANY}) n`,
    [who.organizationId, JSON.stringify({ access_token: ciphertext(), refresh_token: ciphertext(), refresh_expires_at: '2030-01-01T00:00:00Z' })])
    const { url } = await makeCalendar(who, from)
    const text = await readCalendar(url.split('/').at(-1) ?? '')
    expect(new Set(text.match(/^SUMMARY:Many \d+: connection ends/gm)).size).toBe(MANY)
  }, 60_000)
})
