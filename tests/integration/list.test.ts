/** Lists by cursor: every row once, whatever happens meanwhile, down to the microsecond. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listInvitations } from '#server/accounts/invitations'
import { listMembers } from '#server/accounts/members'
import { listAudit } from '#server/audit/list'
import type { Caller } from '#server/database/caller'
import { listIntegrations, listResources } from '#server/integrations/view'
import { listAssessments, listFindings } from '#server/scanner/view'
import { listQuery, textListQuery, type Position } from '#server/utils/list'
import { openRooms, type Rooms } from '../support/rooms.ts'

type Page = { data: { id: string }[], next_cursor: string | null }
interface List {
  name: string
  read: (page: { limit: number, cursor?: string }) => Promise<Page>
  insert: (at: string) => Promise<void>
}

let rooms: Rooms
let acme: Caller
let other: Caller
let integration: string

async function insertIntegration(at: string, who = acme): Promise<string> {
  const id = randomUUID()
  await rooms.sql(`insert into public.integrations (id, organization_id, integration_type, name, scan_schedule, external_account_id, external_account_name, created_at)
    values ($1, $2, 'supabase', 'x', '0 6 * * *', $3, 'x', $4::text::timestamptz)`, [id, who.organizationId, randomUUID(), at])
  return id
}
const insertResource = async (at: string) => {
  const [row] = await rooms.sql<{ id: string }>(`insert into public.integration_resources (integration_id, organization_id, kind, external_id, name, created_at)
    values ($1, $2, 'project', $3, 'x', $4::text::timestamptz) returning id`, [integration, acme.organizationId, randomUUID(), at])
  return row?.id ?? ''
}

/** As a route hands it on. */
const byTime = <P extends Page>(read: (page: { limit: number, cursor?: Position }) => Promise<P>): List['read'] => ({ limit, cursor }) => read({ limit, cursor: listQuery.cursor.parse(cursor) })

/** What the rooms of people want beside a caller. */
const actor = () => ({ ...acme, accessToken: '', role: null })

const lists: List[] = [
  {
    name: 'members',
    read: byTime(async (page) => {
      const { data, next_cursor } = await listMembers(actor(), page)
      return { data: data.map(({ user_id }) => ({ id: user_id })), next_cursor }
    }),
    insert: async (at) => {
      const id = randomUUID()
      await rooms.sql('insert into auth.users (id, email) values ($1, $2)', [id, `${id}@example.com`])
      await rooms.sql(`insert into public.user_organizations (organization_id, user_id, role, created_at) values ($1, $2, 'member', $3::text::timestamptz)`, [acme.organizationId, id, at])
    },
  },
  { name: 'invitations', read: byTime(page => listInvitations(actor(), page)), insert: async at => void await rooms.sql(
    `insert into public.invitations (organization_id, email, role, token_hash, created_at) values ($1, 'x@example.com', 'member', $2, $3::text::timestamptz)`,
    [acme.organizationId, randomUUID().replaceAll('-', '').repeat(2), at]) },
  { name: 'integrations', read: byTime(page => listIntegrations(acme, page)), insert: async at => void await insertIntegration(at) },
  { name: 'resources', read: ({ limit, cursor }) => listResources(acme, integration, { limit, cursor: textListQuery.cursor.parse(cursor) }), insert: async at => void await insertResource(at) },
  { name: 'assessments', read: byTime(page => listAssessments(acme, page)), insert: async at => void await rooms.sql(
    `insert into public.assessments (organization_id, integration_id, trigger, status, created_at) values ($1, $2, 'manual', 'completed', $3::text::timestamptz)`, [acme.organizationId, integration, at]) },
  { name: 'findings', read: byTime(page => listFindings(acme, page)), insert: async at => void await rooms.sql(
    `insert into public.findings (organization_id, integration_id, resource_id, check_id, severity, category, summary, first_seen_at, last_seen_at)
      values ($1, $2, $3, 'x', $5, 'rls', 'x', now(), $4::text::timestamptz)`, [acme.organizationId, integration, await insertResource(at), at, Math.random() < 0.5 ? 'high' : 'low']) },
  { name: 'audit', read: byTime(page => listAudit(acme, page)), insert: async at => void await rooms.sql(
    `insert into public.audit_log (organization_id, actor_type, action, created_at, seq, prev_hash, hash) values ($1, 'system', 'scan.completed', $2::text::timestamptz,
      (select count(*) + 1 from public.audit_log where organization_id = $1), repeat('0', 64), repeat('0', 64))`, [acme.organizationId, at]) },
]

beforeAll(async () => {
  rooms = await openRooms()
  acme = await rooms.person()
  other = await rooms.person()
  // The trigger stamps each entry with the time at which it is written; these are to have the times that the tests choose.
  await rooms.sql('alter table public.audit_log disable trigger user')
  await rooms.sql('delete from public.audit_log')
  integration = await insertIntegration('2026-01-01T00:00:00Z')
  await insertIntegration('2026-01-01T00:00:00.000001Z', other)
})
afterAll(() => rooms?.close())

describe.each(lists)('$name', ({ read, insert }) => {
  // Three that share their microsecond, and neighbours that differ in nothing but it.
  const times = ['000001', '000002', '000002', '000002', '000003', '999999'].map(fraction => `2026-01-02T00:00:00.${fraction}Z`)
  beforeAll(async () => { for (const at of times) await insert(at) })

  async function readAll(limit: number, between?: () => Promise<void>): Promise<string[]> {
    const ids: string[] = []
    for (let cursor: string | undefined, page = 0; page < 100; page++) {
      const { data, next_cursor } = await read({ limit, cursor })
      ids.push(...data.map(row => row.id))
      expect(data.length).toBeLessThanOrEqual(limit)
      if (next_cursor === null) return ids
      cursor = next_cursor
      await between?.()
    }
    throw new Error('The list does not end')
  }

  it('gives every row once, in the same order, whatever the size of the pages', async () => {
    const whole = await readAll(200)
    expect(whole.length).toBeGreaterThanOrEqual(times.length)
    expect(new Set(whole).size).toBe(whole.length)
    for (const limit of [1, 2, 3]) expect(await readAll(limit)).toEqual(whole)
  })

  it('gives every row that was there once, while newer ones are added', async () => {
    const before = await readAll(200)
    const seen = await readAll(2, () => insert('2026-06-01T00:00:00.5Z'))
    expect(seen.filter(id => before.includes(id))).toEqual(before)
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('has no next page after a full last one', async () => {
    const { length } = await readAll(200)
    expect((await read({ limit: length })).next_cursor).toBeNull()
    expect((await read({ limit: length - 1 })).next_cursor).not.toBeNull()
  })
})

it('shows another organization\'s rows to nobody, whatever the cursor', async () => {
  const { next_cursor } = await listIntegrations(acme, { limit: 1 })
  const theirs = await listIntegrations(other, { limit: 50, cursor: listQuery.cursor.parse(next_cursor ?? '') })
  expect(theirs.data.every(row => row.organization_id === other.organizationId)).toBe(true)
})
