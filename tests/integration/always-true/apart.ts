/** Two organizations, and everything that one may try on the other's rows. */
import { randomUUID } from 'node:crypto'
import type { SupabaseClient } from '@supabase/supabase-js'
import { expect } from 'vitest'
import { anonClient, serviceClient } from '#server/database/clients'
import { enqueue } from '#server/queue'
import type { Caller } from '#server/database/caller'
import { signInAs } from '../../support/account.ts'
import { assessmentsOf } from '../../support/assessments.ts'
import { expectStatus } from '../../support/client.ts'
import type { Rooms } from '../../support/rooms.ts'
import type { Stack } from '../../support/stack.ts'
import type { Tenant } from './kill.ts'

const unknown = '3f6e4b1c-0000-4000-8000-000000000000'

/** By the API: another's id is answered as an unknown one, and their rows are in no list and no count. */
export async function expectSeparate(stack: Stack, ours: Tenant, theirs: Tenant): Promise<void> {
  const [assessment] = await assessmentsOf(theirs.client, theirs.id)
  const { data: [resource] } = expectStatus(await theirs.client.get<{ data: { id: string }[] }>(`/api/integrations/${theirs.id}/resources`), 200)
  const ids = { integration: theirs.id, assessment: assessment?.id ?? '', resource: resource?.id ?? '' }
  const asked = stack.provider.calls.length

  for (const list of ['integrations', 'assessments', 'findings', 'audit', 'members', 'invitations']) {
    const text = (await ours.client.get(`/api/${list}?limit=200`)).text
    for (const id of Object.values(ids)) expect(text.includes(id), `${id} in ${list}`).toBe(false)
    if (['assessments', 'findings', 'audit'].includes(list)) expect((await ours.client.get(`/api/${list}?integration_id=${theirs.id}`)).body).toMatchObject({ data: [] })
  }

  const attempts: [string, (ids: { integration: string, assessment: string, resource: string }) => string, unknown?][] = [
    ['GET', id => `/api/integrations/${id.integration}`], ['GET', id => `/api/integrations/${id.integration}/resources`], ['GET', id => `/api/assessments/${id.assessment}`],
    ['PATCH', id => `/api/integrations/${id.integration}`, { name: 'Mine' }], ['PATCH', id => `/api/integrations/${id.integration}/resources`, { enabled: false }], ['PATCH', id => `/api/integrations/${id.integration}/resources/${id.resource}`, { enabled: false }],
    ['PATCH', id => `/api/integrations/${ours.id}/resources/${id.resource}`, { enabled: false }],
    ['POST', id => `/api/integrations/${id.integration}/scan`], ['DELETE', id => `/api/integrations/${id.integration}`],
  ]
  for (const [method, path, json] of attempts) {
    const [real, made] = [await ours.client.call(method, path(ids), { json }), await ours.client.call(method, path({ integration: unknown, assessment: unknown, resource: unknown }), { json })]
    expect(real.status, `${method} ${path(ids)}`).toBe(404)
    expect({ ...real.body as object, instance: '' }).toEqual({ ...made.body as object, instance: '' })
  }
  expect((await ours.client.get('/api/overview')).body).toMatchObject({ integrations: { total: 1 } })
  const session = expectStatus(await theirs.client.get<{ organization: { id: string } }>('/api/session'), 200)
  for (const path of ['/api/integrations', '/api/overview', '/api/audit', `/api/integrations/${theirs.id}`]) {
    const answer = await ours.client.get(path, { headers: { 'x-organization-id': session.organization.id } })
    expect(answer.text.includes(theirs.id), `${path} as the other organization`).toBe(answer.status === 404 && path.includes(theirs.id))
    if (path === '/api/overview') expect(answer.body).toMatchObject({ integrations: { total: 0 }, score: null })
  }
  expect((await ours.client.put('/api/session/organization', { organization_id: session.organization.id })).status).toBe(404)
  expect(stack.provider.calls).toHaveLength(asked)
  expect(expectStatus(await theirs.client.get(`/api/integrations/${theirs.id}`), 200)).toMatchObject({ id: theirs.id, name: 'Brightwater Labs', status: 'active' })
}

interface Side { who: Caller, id: string }

/** Straight through the data API, as supabase-js in somebody's own hands: every table that has an organization, every function. */
export async function expectSeparateData(rooms: Rooms, us: Side, them: Side): Promise<void> {
  const tables = await rooms.sql<{ name: string }>('select table_name as name from information_schema.columns where table_schema = \'public\' and column_name = \'organization_id\' order by 1')
  expect(tables.length).toBeGreaterThan(6)
  const theirs = them.who.organizationId
  // What was called is counted a moment later: nothing that anybody here did.
  const kept = tables.filter(({ name }) => name !== 'rate_shares')
  const snapshot = async () => Promise.all(kept.map(({ name }) => rooms.sql(`select to_jsonb(t)::text as row from public.${name} t where organization_id = $1 order by 1`, [theirs])))
  const before = await snapshot()
  expect(before.flat().length).toBeGreaterThan(50)

  const { client } = us.who
  // Any table, past the generated types: an attacker's client has none.
  const anyTable = client as unknown as SupabaseClient
  for (const { name } of tables) {
    const table = () => anyTable.from(name)
    const { data, count } = await table().select('organization_id', { count: 'exact' }).eq('organization_id', theirs)
    expect([name, data ?? [], count ?? 0]).toEqual([name, [], 0])
    const all = await table().select('organization_id', { count: 'exact' })
    expect((all.data ?? []).filter(row => row.organization_id !== us.who.organizationId), name).toEqual([])
    // Each is refused or touches nothing: the rows afterwards say which.
    await table().update({ organization_id: us.who.organizationId }).eq('organization_id', theirs)
    await table().update({ organization_id: theirs }).eq('organization_id', us.who.organizationId)
    await table().delete().eq('organization_id', theirs)
    await table().insert({ organization_id: theirs })
  }
  expect((await client.from('integrations').select('config')).error?.code).toBe('42501')
  expect((await client.from('integrations').select('*')).error?.code).toBe('42501')
  expect((await client.from('findings').select('id, integrations(config)')).error).not.toBeNull()
  expect((await client.from('organizations').select('id').eq('id', theirs)).data).toEqual([])

  expect((await client.rpc('list_members', { p_organization_id: theirs })).data).toEqual([])
  expect((await client.rpc('overview', { p_organization_id: theirs })).data).toMatchObject({ integrations: { total: 0 }, score: null })
  expect((await client.rpc('request_scan', { p_integration_id: them.id, p_organization_id: theirs })).data).toEqual([])
  expect((await client.rpc('request_scan', { p_integration_id: them.id, p_organization_id: us.who.organizationId })).data).toEqual([])
  expect((await client.rpc('change_integration', { p_id: them.id, p_organization_id: theirs, p_name: 'Mine' })).data).toBe(false)
  expect((await client.rpc('change_integration', { p_id: them.id, p_organization_id: us.who.organizationId, p_name: 'Mine' })).data).toBe(false)
  expect((await client.rpc('change_resource', { p_id: randomUUID(), p_integration_id: them.id, p_organization_id: theirs, p_enabled: false })).data).toBe(false)
  expect((await client.rpc('withdraw_invitation', { p_id: randomUUID(), p_organization_id: theirs })).data).toBe(false)
  expect((await client.rpc('revoke_calendar_feed', { p_organization_id: theirs })).data).toBeNull()
  expect((await client.rpc('make_calendar_feed', { p_organization_id: theirs, p_token_hash: 'a'.repeat(64) })).error).not.toBeNull()
  expect((await client.rpc('create_invitation', { p_organization_id: theirs, p_email: 'x@example.com', p_role: 'admin', p_token_hash: 'a'.repeat(64) })).error).not.toBeNull()
  for (const denied of [
    client.rpc('begin_removal', { p_id: them.id, p_organization_id: theirs, p_actor: us.who.userId, p_owner: 'us', p_seconds: 3600 }),
    client.rpc('take_connection', { p_id: them.id, p_audit: {} }),
    client.rpc('begin_ending', { p_integration_type: 'supabase', p_sandbox: false, p_seconds: 3600 }),
    client.rpc('take_credential', { p_id: them.id }),
    client.rpc('begin_refresh', { p_id: them.id, p_owner: 'us', p_seconds: 3600, p_slot: 'main', p_seen_version: 1, p_seen_failed_at: '' }),
    client.rpc('organization_wraps', { p_organization_id: theirs }),
    client.rpc('key_census', { p_after: theirs, p_limit: 10 }),
    client.rpc('claim_due_integrations', { p_items: [{ id: them.id, seen: null, next: null }] }),
    client.rpc('store_connection', { p_integration: {}, p_resources: [], p_audit: {}, p_since: new Date().toISOString() }),
    client.rpc('use_oauth_state', { p_state_hash: 'a'.repeat(64) }),
    client.rpc('unclaimed_assessments', { p_limit: 10 }),
  ]) expect((await denied).error?.code).toBe('42501')
  expect(await snapshot()).toEqual(before)
}

/** All at once: whoever asks is answered as who they are, while the queue is busy as well. */
export async function expectSeparateAtOnce(rooms: Rooms, us: Side, them: Side): Promise<void> {
  const ask = async (client: Caller['client']) => {
    const { data, error } = await client.from('organizations').select('id')
    return error ? error.code : data.map(row => row.id).sort().join()
  }
  const all = [us.who.organizationId, them.who.organizationId].sort().join()
  for (let round = 0; round < 10; round++) {
    const asked = [ask(us.who.client), ask(anonClient()), ask(serviceClient()), ask(them.who.client), enqueue('scan.run', randomUUID(), { assessment_id: randomUUID() }), ask(serviceClient()), ask(anonClient())]
    expect(await Promise.all(asked), `round ${round}`).toEqual([us.who.organizationId, '42501', all, them.who.organizationId, undefined, all, '42501'])
  }
}

/** A second integration of the same organization: another account at the provider. */
export async function connectElsewhere(rooms: Rooms, who: Caller): Promise<string> {
  signInAs(rooms.provider, 'elsewhere', 'Elsewhere')
  const id = await rooms.connect(who)
  rooms.provider.clearFaults()
  return id
}
