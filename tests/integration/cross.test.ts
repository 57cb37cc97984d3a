/** What connections of one organization tell each other, in the database: who hears it, how long it holds, and when it is gone. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { netlify } from '#server/connectors/netlify'
import { changeIntegration } from '#server/integrations/change'
import { viewProvider } from '#server/integrations/providers'
import { removeIntegration } from '#server/integrations/remove'
import { getIntegration } from '#server/integrations/view'
import { findingsOf, production, resourceId, staging } from '../support/findings.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

const check = 'cross_backend_deploy_target_connected'
const host = `${production}.supabase.co`

let rooms: Rooms
let who: Caller
let id: string
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  who = await rooms.person()
  id = await rooms.connect(who)
})

/** Of the production project, after a scan. */
async function result(asking: Caller = who, integration = id) {
  const [done, resource] = [await rooms.scan(asking, integration), await resourceId(asking, integration, production)]
  const found = done.results.find(one => one.resource_id === resource && one.check_id === check)
  if (!found) throw new Error('The check was not asked')
  return found
}

/** A deployment of another connection, as a scan of it would have left it. */
async function deployment(organization: string, options: { sandbox?: boolean } = {}) {
  const [integration, resource] = [randomUUID(), randomUUID()]
  await rooms.sql(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, sandbox)
    select $1, $2, $3, 'Our sites', config, '0 6 * * *', $1::uuid::text, 'Sites', $4 from public.integrations where id = $5`, [integration, organization, netlify.id, options.sandbox ?? false, id])
  await rooms.sql(`insert into public.integration_resources (id, integration_id, organization_id, kind, external_id, name) values ($1, $2, $3, 'site', $1::uuid::text, 'www')`, [resource, integration, organization])
  return { integration, resource }
}

async function tells({ integration, resource }: { integration: string, resource: string }, organization: string, facts: object[], options: { unknown?: string, days?: number, kinds?: string[] } = {}) {
  const kinds = (options.kinds ?? ['uses_backend']).map(kind => ({ kind, facts, unknown: options.unknown ?? null }))
  const seenAt = new Date(Date.now() - (options.days ?? 0) * 86_400_000).toISOString()
  await rooms.sql('select public.record_signals($1, $2, $3::text::jsonb)', [integration, organization, JSON.stringify([{ resource_id: resource, seen_at: seenAt, every_kind: kinds.map(one => one.kind), kinds }])])
}

const uses = (which = host) => [{ kind: 'uses_backend', host: which, variable: 'API_URL' }]
const rowsOf = (resource: string) => rooms.sql<{ kind: string, facts: unknown, unknown: string | null }>('select kind, facts, unknown from public.integration_signals where resource_id = $1 order by kind', [resource])

describe('a question to other connections', () => {
  it('is not applicable while there is none, and says which would help', async () => {
    expect(await result()).toMatchObject({ verdict: 'not_applicable', category: 'cross_provider', severity: 'low', summary: 'Connect Vercel or Netlify to have this checked.' })
  })

  it('fails, passes, and its finding lives like any other', async () => {
    const site = await deployment(who.organizationId)
    expect(await result()).toMatchObject({ verdict: 'error', summary: expect.stringMatching(/www at Netlify.*not been read yet/) as string })
    await tells(site, who.organizationId, uses('elsewhere.example'))
    expect(await result()).toMatchObject({ verdict: 'fail' })
    const open = (await findingsOf(who, id)).filter(finding => finding.check_id === check)
    expect(open).toHaveLength(2)
    expect(open[0]).toMatchObject({ status: 'open', title: 'What uses this backend is connected', remediation: { steps: expect.any(Array) as string[] } })

    await tells(site, who.organizationId, uses())
    expect(await result()).toMatchObject({ verdict: 'pass', evidence: { connection: 'Our sites', provider: 'Netlify', resource: 'www', host } })
    expect((await findingsOf(who, id)).filter(finding => finding.check_id === check && finding.status === 'open')).toHaveLength(1)

    await tells(site, who.organizationId, [], { unknown: 'The grant lacks a permission.' })
    expect(await result()).toMatchObject({ verdict: 'error', summary: expect.stringMatching(/lacks a permission/) as string })
  })

  it('takes no word that is older than a week, and none of what is switched off or gone', async () => {
    const site = await deployment(who.organizationId)
    await tells(site, who.organizationId, uses(), { days: 8 })
    expect(await result()).toMatchObject({ verdict: 'error', summary: expect.stringMatching(/more than 7 days/) as string })
    await tells(site, who.organizationId, uses(), { days: 1 })
    expect(await result()).toMatchObject({ verdict: 'pass' })
    await rooms.sql('update public.integration_resources set enabled = false where id = $1', [site.resource])
    expect(await result()).toMatchObject({ verdict: 'fail' })
    await rooms.sql('update public.integration_resources set enabled = true, missing_since = now() where id = $1', [site.resource])
    expect(await result()).toMatchObject({ verdict: 'fail' })
  })

  it('hears nothing of another organization, nor of the sandbox', async () => {
    const stranger = await rooms.person()
    const theirs = await rooms.connect(stranger)
    await tells(await deployment(stranger.organizationId), stranger.organizationId, uses())
    await tells(await deployment(who.organizationId, { sandbox: true }), who.organizationId, uses())
    expect(await result()).toMatchObject({ verdict: 'not_applicable' })
    expect(await result(stranger, theirs)).toMatchObject({ verdict: 'pass' })
  })

  it('takes a fact of an unknown form for none', async () => {
    const site = await deployment(who.organizationId)
    await tells(site, who.organizationId, [{ kind: 'uses_backend', hostname: host }])
    expect(await result()).toMatchObject({ verdict: 'error', summary: expect.stringMatching(/not been read/) as string })
  })

  it('is on for new connections, can be switched off, and stands among the provider\'s checks', async () => {
    const { config, integration_type } = await getIntegration(who, id)
    expect(config.enabled_checks).toContain('cross_provider')
    expect(integration_type).toBe('supabase')
    expect(viewProvider(netlify).checks.filter(one => one.category === 'cross_provider').map(one => [one.id, one.scopes])).toEqual(
      ['server_key_not_in_browser', 'production_branch_protected', 'production_repository_connected', 'production_repository_scanned'].map(name => [`cross_${name}`, ['user']]))

    await changeIntegration(who, id, { enabled_checks: ['rls', check] }, from)
    expect(await result()).toMatchObject({ verdict: 'not_applicable' })
    await changeIntegration(who, id, { enabled_checks: ['rls'] }, from)
    await expect(result()).rejects.toThrow('not asked')
    await expect(changeIntegration(who, id, { enabled_checks: ['cross_production_branch_protected'] }, from)).rejects.toMatchObject({ code: 'invalid_request' })
  })
})

describe('what a resource tells', () => {
  it('is kept by every scan, and leaves with the connection', async () => {
    await rooms.scan(who, id)
    for (const ref of [production, staging]) {
      expect(await rowsOf(await resourceId(who, id, ref))).toEqual([{ kind: 'backend', unknown: null, facts: [expect.objectContaining({ hosts: [`${ref}.supabase.co`, `db.${ref}.supabase.co`] })] }])
    }
    await removeIntegration(who, id, from)
    expect(await rooms.sql('select 1 from public.integration_signals where organization_id = $1', [who.organizationId])).toEqual([])
  })

  it('replaces what it had told, unless that is newer; what it tells no more is gone', async () => {
    const site = await deployment(who.organizationId)
    await tells(site, who.organizationId, uses(), { kinds: ['uses_backend', 'exposed_variable'] })
    await tells(site, who.organizationId, [], { days: 1, kinds: ['deploys'] })
    expect((await rowsOf(site.resource)).map(row => row.kind)).toEqual(['deploys', 'exposed_variable', 'uses_backend'])
    await tells(site, who.organizationId, [])
    expect(await rowsOf(site.resource)).toEqual([{ kind: 'uses_backend', facts: [], unknown: null }])
  })

  it('is nobody else\'s to write', async () => {
    const site = await deployment(who.organizationId)
    const stranger = await rooms.person()
    const theirs = await rooms.connect(stranger)
    await tells({ ...site, integration: theirs }, stranger.organizationId, uses())
    await tells(site, stranger.organizationId, uses())
    expect(await rowsOf(site.resource)).toEqual([])
    await tells(site, who.organizationId, uses())
    await tells({ ...site, integration: theirs }, stranger.organizationId, [])
    expect(await rowsOf(site.resource)).toMatchObject([{ facts: uses() }])
    expect((await who.client.from('integration_signals').select('kind')).error?.code).toBe('42501')
  })
})
