/** Credentials under a scan: renewed in time, renewed when refused, kept through a bad hour, and given up when dead. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { withCredential } from '#server/integrations/credentials'
import { getIntegration } from '#server/integrations/view'
import { findingsOf } from '../support/findings.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(() => { rooms.provider.calls.splice(0) })
afterEach(() => rooms.provider.clearFaults())

const worker = { type: 'worker', id: null, email: null } as const
const refreshes = () => rooms.provider.count({ grantType: 'refresh_token' })
const refreshTokensSent = () => rooms.provider.calls.filter(call => call.grantType === 'refresh_token').map(call => new URLSearchParams(call.body).get('refresh_token'))
const bearersSent = () => [...new Set(rooms.provider.calls.flatMap(call => /^Bearer (.+)$/.exec(call.headers.get('authorization') ?? '')?.[1] ?? []))]

async function connected() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  rooms.provider.calls.splice(0)
  return { who, id, scan: () => rooms.scan(who, id) }
}

/** As if that much of its life were left. */
const expires = (id: string, seconds: number) =>
  rooms.sql('update public.integrations set config = jsonb_set(config, \'{expires_at}\', to_jsonb($2::text)) where id = $1', [id, new Date(Date.now() + seconds * 1000).toISOString()])

const stored = (id: string) => withCredential({ integrationId: id, purpose: 'scan', actor: worker }, async secrets => secrets)

/** The person withdraws the consent at the provider. */
async function withdraw(id: string): Promise<void> {
  const { refreshToken } = await stored(id)
  const { clientId, clientSecret, url } = rooms.provider
  const answer = await fetch(`${url}/v1/oauth/revoke`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }),
  })
  expect(answer.status).toBe(204)
  rooms.provider.calls.splice(0)
}

const tokenAnswer = (fields: object, status = 200) => () => Response.json({ token_type: 'Bearer', ...fields }, { status })

it('renews a token that ends within five minutes before it is used, once, and keeps the new pair', async () => {
  const { id, scan } = await connected()
  const before = await stored(id)
  await expires(id, 299)
  expect((await scan()).counts.error).toBe(0)
  expect(refreshTokensSent()).toEqual([before.refreshToken])
  expect(rooms.provider.calls.filter(call => call.status === 401)).toEqual([])
  const after = await stored(id)
  expect(bearersSent()).toEqual([after.accessToken])
  expect(after.accessToken).not.toBe(before.accessToken)
  expect(after.refreshToken).not.toBe(before.refreshToken)
  await scan()
  expect(refreshes()).toBe(1)
})

it('uses a token as it is that lives for longer than five minutes', async () => {
  const { id, scan } = await connected()
  await expires(id, 330)
  await scan()
  expect(refreshes()).toBe(0)
})

it('answers a 401 with exactly one renewal, however many calls were refused at once, and succeeds', async () => {
  const { id, scan } = await connected()
  const { accessToken } = await stored(id)
  // The list is let through, so that the first refusals come from calls that run side by side.
  rooms.provider.fail({ kind: async (request, pass) => request.headers.get('authorization') === `Bearer ${accessToken}`
    ? Response.json({ message: 'Unauthorized' }, { status: 401 })
    : pass(), path: /^\/v1\/projects\/./ })
  const done = await scan()
  expect(done).toMatchObject({ status: 'completed', counts: { error: 0 } })
  expect(rooms.provider.calls.filter(call => call.status === 401).length).toBeGreaterThan(1)
  expect(refreshes()).toBe(1)
})

it('ends the connection when the provider says that the grant is gone, keeps the findings as stale, and heals by a reconnect', async () => {
  const { who, id, scan } = await connected()
  const before = await findingsOf(who, id)
  await withdraw(id)
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' }, results: [], score: null })
  expect(refreshes()).toBe(1)
  expect(await getIntegration(who, id)).toMatchObject({ status: 'error', last_error: { class: 'dead_grant' }, health: { state: 'action_required', next_action: 'reconnect' } })
  expect(await findingsOf(who, id)).toEqual(before.map(finding => ({ ...finding, stale: true })))

  expect(await rooms.connect(who)).toBe(id)
  expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed', counts: { error: 0 } })
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active', last_error: null, health: { state: 'healthy' } })
  const after = await findingsOf(who, id)
  expect(after.map(finding => finding.id).sort()).toEqual(before.map(finding => finding.id).sort())
  expect(after.filter(finding => finding.stale || finding.status !== 'open')).toEqual([])
})

it('ends the connection when even a fresh token is refused', async () => {
  const { who, id, scan } = await connected()
  rooms.provider.fail({ kind: 'unauthorized', path: '/v1/projects' })
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' } })
  expect(refreshes()).toBe(1)
  expect(await getIntegration(who, id)).toMatchObject({ status: 'error', health: { next_action: 'reconnect' } })
  expect((await auditOf(who, id)).filter(row => row.action === 'credential.refused')).toEqual([{ action: 'credential.refused', actor_type: 'system', detail: '{"code": "unauthorized", "class": "dead_grant"}' }])
})

it('says why when the grant dies in the middle of a scan', async () => {
  const { who, id, scan } = await connected()
  rooms.provider.fail({ kind: 'unauthorized', path: /^\/v1\/projects\/./ })
  rooms.provider.fail({ kind: () => Response.json({ message: 'The refresh token is not known' }, { status: 400 }), path: '/v1/oauth/token' })
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' } })
  expect(await getIntegration(who, id)).toMatchObject({ status: 'error', last_error: { class: 'dead_grant', code: 'grant_rejected' } })

  // Again, by hand: what was listed before is no sign of health.
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'reconnect_required' } })
  expect(await getIntegration(who, id)).toMatchObject({ status: 'error', health: { state: 'action_required' } })
})

it('says why when renewing fails in the middle of a scan', async () => {
  const { who, id, scan } = await connected()
  rooms.provider.fail({ kind: 'unauthorized', path: /^\/v1\/projects\/./ })
  rooms.provider.fail({ kind: 'server_error', path: '/v1/oauth/token' })
  expect(await scan()).toMatchObject({ status: 'completed', counts: { pass: 0, fail: 0, error: 32 } })
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active', last_error: { class: 'passing', code: 'server_error' } })
})

it.each([
  ['server_error', 'server_error'], ['html', 'not_json'], ['rate_limited', 'rate_limited'], ['reset', 'unreachable'], ['wrong_shape', 'unexpected_shape'], ['redirect', 'redirected'],
] as const)('stays active when renewing fails with %s; what could not be asked is an error, never a pass', async (kind, code) => {
  const { who, id, scan } = await connected()
  const before = await findingsOf(who, id)
  await expires(id, -1)
  rooms.provider.fail({ kind, path: '/v1/oauth/token' })
  const done = await scan()
  expect(done).toMatchObject({ status: 'completed', counts: { pass: 0, fail: 0, error: 32 }, score: null })
  expect(done.results.every(result => result.evidence && typeof result.evidence === 'object' && 'reason' in result.evidence)).toBe(true)
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active', last_error: { class: 'passing', code }, health: { state: 'degraded', next_action: 'wait' } })
  expect(await findingsOf(who, id)).toEqual(before)

  rooms.provider.clearFaults()
  expect((await scan()).counts.error).toBe(0)
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active', last_error: null, health: { state: 'healthy' } })
})

it('uses the old token while it lives, when renewing fails for a while', async () => {
  const { id, scan } = await connected()
  const { accessToken } = await stored(id)
  await expires(id, 120)
  rooms.provider.fail({ kind: 'server_error', path: '/v1/oauth/token' })
  expect((await scan()).counts.error).toBe(0)
  expect(bearersSent()).toEqual([accessToken])
})

it('leaves integrations as they are when the provider does not know this installation', async () => {
  const { who, id, scan } = await connected()
  await expires(id, -1)
  rooms.provider.fail({ kind: () => Response.json({ message: 'The client id or the client secret is wrong' }, { status: 401 }), path: '/v1/oauth/token' })
  await scan()
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active', last_error: { class: 'our_application' }, health: { state: 'degraded', next_action: 'operator' } })
})

it('keeps the old refresh token when the answer has none, and the last lifetime when it names none', async () => {
  const { who, id } = await connected()
  const { refreshToken } = await stored(id)
  for (const accessToken of ['sbp_first_without_refresh', 'sbp_second_without_refresh']) {
    await expires(id, -1)
    rooms.provider.fail({ kind: tokenAnswer({ access_token: accessToken }, 201), path: '/v1/oauth/token', times: 1 })
    expect(await stored(id)).toEqual({ accessToken, refreshToken, extra: {}, facts: {} })
  }
  expect(refreshTokensSent()).toEqual([refreshToken, refreshToken])
  const { config } = await getIntegration(who, id)
  expect(Date.parse(config.expires_at ?? '') - Date.now()).toBeGreaterThan(3590_000)
  expect(Date.parse(config.expires_at ?? '') - Date.now()).toBeLessThan(3601_000)
})

it.each([1e9, 1e12, 9e15, 0, -5, '3600', null])('keeps the new pair whatever lifetime it comes with: %j', async (lifetime) => {
  const { who, id } = await connected()
  await expires(id, -1)
  rooms.provider.fail({ kind: async (_request, pass) => Response.json({ ...await (await pass()).json() as object, expires_in: lifetime }), path: '/v1/oauth/token', times: 1 })
  const { refreshToken } = await stored(id)
  const { config, status } = await getIntegration(who, id)
  expect([status, new Date(config.expires_at ?? '').getFullYear()]).toEqual(['active', expect.any(Number)])
  await expires(id, -1)
  expect((await stored(id)).refreshToken).not.toBe(refreshToken)
  expect(refreshes()).toBe(2)
})

it('fails the assessment, and calls nobody, when the refresh token cannot be opened', async () => {
  const { who, id, scan } = await connected()
  await expires(id, -1)
  await rooms.sql('update public.integrations set config = jsonb_set(config, \'{refresh_token}\', config -> \'access_token\') where id = $1', [id])
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'credential_unreadable' } })
  expect(rooms.provider.calls).toEqual([])
  // The lease was given back: the next one does not wait for it.
  expect(await rooms.sql('select refresh_lease_owner from public.integrations where id = $1', [id])).toEqual([{ refresh_lease_owner: null }])
  expect(await scan()).toMatchObject({ status: 'failed', error: { code: 'credential_unreadable' } })
  expect(await getIntegration(who, id)).toMatchObject({ status: 'active' })
})

it('does not resurrect a paused integration, and does not lose its pause', async () => {
  const { who, id, scan } = await connected()
  await rooms.sql('update public.integrations set status = \'paused\' where id = $1', [id])
  await expires(id, -1)
  await scan()
  expect(await getIntegration(who, id)).toMatchObject({ status: 'paused' })
  await withdraw(id)
  await scan()
  expect(await getIntegration(who, id)).toMatchObject({ status: 'paused', health: { state: 'action_required' } })
})

it('writes an audit row for every use and every renewal, with its purpose and no credential', async () => {
  const { who, id, scan } = await connected()
  await expires(id, -1)
  const { accessToken } = await scan().then(() => stored(id))
  const rows = await auditOf(who, id)
  const tail = rows.slice(rows.findIndex(row => row.action === 'credential.refreshed'))
  expect(tail.map(row => [row.action, row.actor_type])).toEqual([
    ['credential.refreshed', 'system'], ['credential.used', 'worker'], ['scan.completed', 'worker'], ['credential.used', 'worker'],
  ])
  const [assessment] = await rooms.sql<{ id: string }>('select id from public.assessments where integration_id = $1 order by created_at desc limit 1', [id])
  expect(JSON.parse(String(tail[1]?.detail))).toEqual({
    purpose: 'scan', assessment_id: assessment?.id, checks: supabase.checks.map(check => check.id),
    scopes: ['auth:read', 'database:read', 'edge_functions:read', 'organizations:read', 'projects:read', 'rest:read', 'secrets:read', 'storage:read'],
  })
  expect(JSON.stringify(rows)).not.toContain(accessToken)
})

function auditOf(who: Caller, id: string) {
  return rooms.sql('select action, actor_type, detail::text as detail from public.audit_log where organization_id = $1 and target_id = $2 order by created_at, id', [who.organizationId, id])
}
