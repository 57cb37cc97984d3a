/** What a grant reaches: found again among thousands, switched many at once, and whether new ones are scanned by themselves. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { changeIntegration } from '#server/integrations/change'
import { changeResource, changeResources, getIntegration, listResources } from '#server/integrations/view'
import { textListQuery } from '#server/utils/list'
import { production, resourceId, resourcesOf, staging } from '../support/findings.ts'
import { planOf } from '../support/plans.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
afterEach(() => rooms.provider.clearFaults())

async function connected() {
  const who = await rooms.person()
  return { who, id: await rooms.connect(who) }
}

/** From now on the account has this project as well. */
function addProject(ref: string) {
  rooms.provider.fail({ kind: async (_request, pass) => {
    const all: { ref: string }[] = await (await pass()).json()
    return Response.json([...all, { ...all[0], id: ref, ref, name: ref }])
  }, path: /^\/v1\/projects$/ })
}

async function entries(who: Caller, action: string) {
  return rooms.sql<{ detail: unknown }>('select detail from public.audit_log where organization_id = $1 and action = $2 order by seq', [who.organizationId, action])
}

describe('new resources', () => {
  const ref = 'newprojectnewproject'
  const switches = async (who: Caller, id: string) => Object.fromEntries((await resourcesOf(who, id)).map(one => [one.external_id, [one.enabled, one.awaits_choice]]))

  it('are scanned by themselves, unless somebody says otherwise', async () => {
    const { who, id } = await connected()
    expect(await getIntegration(who, id)).toMatchObject({ scan_new_resources: true })
    addProject(ref)
    await rooms.scan(who, id)
    expect(await switches(who, id)).toEqual({ [production]: [true, false], [staging]: [true, false], [ref]: [true, false] })
  })

  it('come in switched off where they are not to be scanned by themselves, and wait for a choice', async () => {
    const { who, id } = await connected()
    expect(await changeIntegration(who, id, { scan_new_resources: false }, from)).toMatchObject({ scan_new_resources: false })
    expect(await entries(who, 'integration.changed')).toEqual([{ detail: { scan_new_resources: false } }])
    addProject(ref)
    const { results } = await rooms.scan(who, id)
    const created = await resourceId(who, id, ref)
    expect(results.filter(result => result.resource_id === created)).toEqual([])
    const waiting = { [production]: [true, false], [staging]: [true, false], [ref]: [false, true] }
    expect(await switches(who, id)).toEqual(waiting)
    expect((await listResources(who, id, { limit: 1 })).counts).toMatchObject({ total: 3, enabled: 2, awaiting_choice: 1 })

    // Neither another scan, nor a reconnect, nor the switch itself decides about those that wait.
    await rooms.scan(who, id)
    await rooms.connect(who, id)
    await changeIntegration(who, id, { scan_new_resources: true }, from)
    expect(await switches(who, id)).toEqual(waiting)

    await changeResource(who, id, created, false, from)
    expect(await switches(who, id)).toEqual({ ...waiting, [ref]: [false, false] })
    await changeResource(who, id, created, true, from)
    expect((await rooms.scan(who, id)).results.filter(result => result.resource_id === created).length).toBeGreaterThan(0)
  })

  it('come in switched off at a reconnect too, but not at connecting', async () => {
    const { who, id } = await connected()
    await changeIntegration(who, id, { scan_new_resources: false }, from)
    addProject(ref)
    await rooms.connect(who, id)
    expect(await switches(who, id)).toEqual({ [production]: [true, false], [staging]: [true, false], [ref]: [false, true] })
    const other = await rooms.person()
    expect(await switches(other, await rooms.connect(other))).toEqual({ [production]: [true, false], [staging]: [true, false], [ref]: [true, false] })
  })

  it('are not said to wait while the provider does not list them', async () => {
    const { who, id } = await connected()
    await changeIntegration(who, id, { scan_new_resources: false }, from)
    addProject(ref)
    await rooms.scan(who, id)
    rooms.provider.clearFaults()
    await rooms.scan(who, id)
    expect((await listResources(who, id, { limit: 1 })).counts).toMatchObject({ missing: 1, awaiting_choice: 0 })
    addProject(ref)
    await rooms.scan(who, id)
    expect((await listResources(who, id, { limit: 1 })).counts).toMatchObject({ missing: 0, awaiting_choice: 1 })
  })
})

describe('an account with 5,000 repositories', () => {
  const COUNT = 5_000
  let who: Caller
  let id: string
  beforeAll(async () => {
    ({ who, id } = await connected())
    await rooms.sql('delete from public.integration_resources where integration_id = $1', [id])
    const described = Array.from({ length: COUNT }, (_, n) => ({ kind: n % 100 === 0 ? 'organization' : 'repository', external_id: String(700_000 + n), name: `Acme/${n % 2 ? 'api' : 'Web'}-${String(n).padStart(4, '0')}`, metadata: {} }))
    await rooms.sql('select public.sync_resources($1, $2, $3::text::jsonb)', [id, who.organizationId, JSON.stringify(described)])
    // Neighbours of the same organization, as large.
    await rooms.sql(`with others as (insert into public.integrations (organization_id, integration_type, name, scan_schedule, external_account_id, external_account_name)
        select $1, 'supabase', 'Other', '0 6 * * *', 'other-' || n, 'Other' from generate_series(1, 6) n returning id)
      insert into public.integration_resources (integration_id, organization_id, kind, external_id, name)
        select others.id, $1, 'repository', n::text, 'Acme/api-' || n from others, generate_series(1, $2::int) n`, [who.organizationId, COUNT])
    await rooms.sql('analyze public.integration_resources')
  })

  const names = async (filter: Omit<Parameters<typeof listResources>[2], 'limit'>, limit = 200) => (await listResources(who, id, { limit, ...filter })).data.map(one => one.name)

  it('is read by name, in pages, each once', async () => {
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await listResources(who, id, { limit: 200, cursor: textListQuery.cursor.parse(cursor) })
      expect(page.data.length).toBeLessThanOrEqual(200)
      seen.push(...page.data.map(one => one.name))
      cursor = page.next_cursor
    }
    expect(seen).toHaveLength(COUNT)
    expect(seen).toEqual([...seen].sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1))
    expect(new Set(seen).size).toBe(COUNT)
  })

  it.each([
    ['api-0123', 1], ['API-0123', 1], ['700123', 1], ['api', 2_500], ['acme/web-00', 50], ['nobody', 0], ['', COUNT],
    // No letter has a meaning of its own.
    ['%', 0], ['_', 0], ['*', 0], ['\\', 0], ['api.*', 0], ['"', 0], [',', 0], [')', 0],
  ])('is searched for %j, and has %i', async (q, found) => {
    const { data, counts } = await listResources(who, id, { limit: 1, q })
    expect({ shown: data.length, matching: counts.matching, total: counts.total }).toEqual({ shown: Math.min(found, 1), matching: found, total: COUNT })
  })

  it('is filtered by kind, by switch and by what is missing', async () => {
    const before = (await listResources(who, id, { limit: 1 })).counts
    expect(before).toEqual({ total: COUNT, enabled: COUNT, missing: 0, awaiting_choice: 0, matching: COUNT, kinds: { organization: 50, repository: 4_950 } })
    expect((await listResources(who, id, { limit: 1, kind: 'organization' })).counts.matching).toBe(50)
    expect(await changeResources(who, id, { q: 'web-00', enabled: false }, from)).toEqual({ changed: 50 })
    await rooms.sql(`update public.integration_resources set missing_since = now() where integration_id = $1 and name like 'Acme/Web-000%'`, [id])
    const off = await listResources(who, id, { limit: 200, enabled: false })
    expect([off.data.length, off.counts.enabled, off.counts.missing]).toEqual([50, COUNT - 50, 5])
    expect(await names({ missing: true, enabled: false })).toEqual(['Acme/Web-0000', 'Acme/Web-0002', 'Acme/Web-0004', 'Acme/Web-0006', 'Acme/Web-0008'])
    expect((await listResources(who, id, { limit: 1, missing: false, q: 'web-000' })).counts.matching).toBe(0)
    await rooms.sql('update public.integration_resources set missing_since = null where integration_id = $1 and missing_since is not null', [id])
    expect(await changeResources(who, id, { enabled: true }, from)).toEqual({ changed: 50 })
  })

  it('is switched with one entry for all that changed, and none where nothing does', async () => {
    const before = (await entries(who, 'resources.changed')).length
    expect(await changeResources(who, id, { kind: 'organization', enabled: false }, from)).toEqual({ changed: 50 })
    expect(await changeResources(who, id, { kind: 'organization', enabled: false }, from)).toEqual({ changed: 0 })
    expect(await changeResources(who, id, { enabled: true }, from)).toEqual({ changed: 50 })
    expect((await entries(who, 'resources.changed')).slice(before).map(row => row.detail)).toEqual([
      { enabled: false, changed: 50, filter: { kind: 'organization' } }, { enabled: true, changed: 50, filter: {} },
    ])
    const [others] = await rooms.sql('select count(*)::int as n from public.integration_resources where organization_id = $1 and integration_id <> $2 and not enabled', [who.organizationId, id])
    expect(others).toEqual({ n: 0 })
  })

  it('is another organization\'s, and a member\'s to look at only', async () => {
    const stranger = await rooms.person()
    await expect(listResources(stranger, id, { limit: 1 })).rejects.toMatchObject({ code: 'not_found' })
    await expect(changeResources(stranger, id, { enabled: false }, from)).rejects.toMatchObject({ code: 'not_found' })
    await rooms.sql(`insert into public.user_organizations (user_id, organization_id, role) values ($1, $2, 'member')`, [stranger.userId, who.organizationId])
    const member = { ...stranger, organizationId: who.organizationId }
    expect((await listResources(member, id, { limit: 1 })).counts.total).toBe(COUNT)
    await expect(changeResources(member, id, { enabled: false }, from)).rejects.toMatchObject({ code: 'not_found' })
    expect((await listResources(who, id, { limit: 1 })).counts.enabled).toBe(COUNT)
  })

  it('is switched while it is listed anew, in another order, and neither ends the other', async () => {
    const rows = await rooms.sql('select kind, external_id, name, metadata from public.integration_resources where integration_id = $1 order by id desc', [id])
    for (let round = 0; round < 3; round++) {
      const [, switched] = await Promise.all([
        rooms.sql('select public.sync_resources($1, $2, $3::text::jsonb)', [id, who.organizationId, JSON.stringify(rows)]),
        changeResources(who, id, { enabled: round % 2 === 1 }, from),
      ])
      expect(switched).toEqual({ changed: COUNT })
    }
    await changeResources(who, id, { enabled: true }, from)
  })

  it.each(['private.matching_resources', 'public.list_resources'])('is found by the integration\'s own index: %s', async (name) => {
    const plan = await planOf(rooms.sql, name, { p_integration_id: id, p_organization_id: who.organizationId, p_filter: { q: 'api' }, p_limit: 51, p_after_place: null, p_after_id: null })
    expect(plan).toContain('integration_resources_integration_id_external_id_key')
    expect(plan).not.toContain('Seq Scan on integration_resources')
  })
})
