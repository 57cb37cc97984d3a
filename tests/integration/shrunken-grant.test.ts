/** A grant that has fewer permissions than before: which checks it costs, and nothing else. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { scopesOf } from '#server/integrations/scopes'
import { getIntegration, getScopes, listResources } from '#server/integrations/view'
import { findingsOf } from '../support/findings.ts'
import { openRooms, type Assessment, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
afterEach(() => rooms.provider.clearFaults())

const all = supabase.authorization.scopes.map(scope => scope.name)
const without = (...lost: string[]) => all.filter(scope => !lost.includes(scope))
const checksOf = (...scopes: string[]) => supabase.checks.filter(check => scopesOf(check).some(scope => scopes.includes(scope))).map(check => check.id)

/** From now on token answers name these; null: they name none. */
function grantOnly(scopes: string[] | null): void {
  rooms.provider.fail({ path: '/v1/oauth/token', kind: async (_request, pass) => {
    const { scope, ...rest } = await (await pass()).json()
    return Response.json(scopes === null ? rest : { ...rest, scope: scopes.join(' ') })
  } })
}

const expire = (id: string) => rooms.sql('update public.integrations set config = jsonb_set(config, \'{expires_at}\', to_jsonb($2::text)) where id = $1', [id, new Date(Date.now() - 1000).toISOString()])

const sorted = async (who: Caller, id: string) => (await findingsOf(who, id)).sort((a, b) => a.id.localeCompare(b.id))

async function connected() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  rooms.provider.calls.splice(0)
  return { who, id }
}

/** The checks that lack a permission, each for every project, and nothing else that could not be verified. */
function expectLost({ results, counts, status }: Assessment, ...lost: string[]): void {
  expect(status).toBe('completed')
  const errors = results.filter(result => result.verdict === 'error')
  expect([...new Set(errors.map(result => result.check_id))].sort()).toEqual(checksOf(...lost).sort())
  expect(counts.error).toBe(2 * checksOf(...lost).length)
  for (const { check_id, summary, evidence } of errors) {
    const scopes = scopesOf(supabase.checks.find(check => check.id === check_id) ?? { reads: {} }).filter(scope => lost.includes(scope))
    expect(evidence).toEqual({ reason: 'scope_missing', missing_permission: scopes.join(' ') })
    for (const scope of scopes) expect(summary).toContain(scope)
  }
}

/** What was asked of the provider with the permission that it would refuse. */
async function callsWith(who: Caller, id: string, scope: string) {
  const { data } = await listResources(who, id, { limit: 200 })
  const paths = supabase.checks.flatMap(check => Object.values(check.reads)).filter(endpoint => endpoint.scope === scope)
    .flatMap(endpoint => data.map(({ kind, external_id, name, metadata }) => endpoint.path({ kind, externalId: external_id, name, metadata: metadata as { organization_slug: string } }, {})))
  return rooms.provider.calls.filter(call => paths.includes(call.path)).map(call => call.path)
}

it.each(['auth:read', 'database:read', 'storage:read'])('that came back from a refresh without %s costs exactly its checks, by name and without a call; findings stay', async (lost) => {
  const { who, id } = await connected()
  const before = await sorted(who, id)
  grantOnly(without(lost))
  await expire(id)
  // The scan that finds the credential out of date is the one that renews it.
  for (const round of [1, 2]) {
    expectLost(await rooms.scan(who, id), lost)
    expect(await callsWith(who, id, lost), `scan ${round}`).toEqual([])
  }
  const after = await sorted(who, id)
  const kept = (list: typeof before) => list.map(({ id, status, first_seen_at }) => ({ id, status, first_seen_at }))
  expect(kept(after)).toEqual(kept(before))
  const affected = new Set(checksOf(lost))
  expect(after.filter(finding => affected.has(finding.check_id))).toEqual(before.filter(finding => affected.has(finding.check_id)))
  expect(before.some(finding => affected.has(finding.check_id))).toBe(true)

  const report = await getScopes(who, id)
  expect(report).toMatchObject({ requested: all, granted: without(lost), unused: [], missing: [{ scope: lost, checks: expect.any(Array) as unknown }] })
  expect(report.missing[0]?.checks.map(check => check.id)).toEqual(checksOf(lost))
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active' })
})

it('that was small from the beginning is told in the first scan, and a wider one heals it', async () => {
  grantOnly(without('auth:read', 'rest:read'))
  const { who, id } = await connected()
  expectLost(await rooms.scan(who, id), 'auth:read', 'rest:read')
  rooms.provider.clearFaults()
  await rooms.connect(who, id)
  expectLost(await rooms.scan(who, id))
  expect((await getScopes(who, id)).missing).toEqual([])
})

it('without the right to list projects keeps the known ones, and asks for none', async () => {
  const { who, id } = await connected()
  grantOnly(without('projects:read'))
  await expire(id)
  expectLost(await rooms.scan(who, id), 'projects:read')
  expect(rooms.provider.count({ path: '/v1/projects' })).toBe(0)
  expect((await listResources(who, id, { limit: 10 })).data.map(resource => resource.missing_since)).toEqual([null, null])
})

it('which the provider does not describe is asked as before: a 403 names the permission', async () => {
  grantOnly(null)
  const { who, id } = await connected()
  expect(await getScopes(who, id)).toMatchObject({ requested: all, granted: null, missing: [] })
  rooms.provider.fail({ kind: 'forbidden', path: /\/config\/auth$/ })
  const { results } = await rooms.scan(who, id)
  const errors = results.filter(result => result.verdict === 'error')
  expect([...new Set(errors.map(result => result.check_id))].sort()).toEqual(supabase.checks.filter(check => Object.values(check.reads).some(endpoint => endpoint.id === 'auth_config')).map(check => check.id).sort())
  for (const { evidence } of errors) expect(evidence).toMatchObject({ reason: 'forbidden', missing_permission: 'auth:read', http_status: 403 })
})

it('with write beside what we ask for is taken for it, and called too much', async () => {
  grantOnly([...without('database:read'), 'database:write', 'secrets:write'])
  const { who, id } = await connected()
  expectLost(await rooms.scan(who, id))
  expect(await getScopes(who, id)).toMatchObject({ missing: [], unused: ['secrets:write'] })
})

it('is used for what the audit log says: this assessment, these checks, these permissions', async () => {
  const { who, id } = await connected()
  await rooms.sql(`update public.integrations set config = jsonb_set(jsonb_set(config, '{enabled_checks}', '["backup", "supabase_ssl_enforced", "auth"]'), '{scopes_granted}', $2::text::jsonb) where id = $1`, [id, JSON.stringify(without('auth:read'))])
  const done = await rooms.scan(who, id)
  const [used] = await rooms.sql<{ detail: object }>(`select detail from public.audit_log where organization_id = $1 and action = 'credential.used' order by created_at desc, id limit 1`, [who.organizationId])
  expect(used?.detail).toEqual({
    purpose: 'scan', assessment_id: done.id, checks: ['supabase_ssl_enforced', 'supabase_backups_recent'],
    scopes: ['database:read', 'organizations:read', 'projects:read'],
  })
  const asked = rooms.provider.calls.filter(call => call.method === 'GET').map(call => call.path.split('/').slice(4).join('/'))
  expect([...new Set(asked)].sort()).toEqual(expect.arrayContaining(['database/backups', 'ssl-enforcement']))
  expect(asked.filter(path => path.startsWith('config/auth'))).toEqual([])
})
