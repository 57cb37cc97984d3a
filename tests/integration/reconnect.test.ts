/** Reconnecting: what it keeps, and what happens when somebody signs in as another account. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { anonClient, userClient } from '#server/database/clients'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { confirmConnection, viewConnection } from '#server/integrations/confirm'
import { changeIntegration } from '#server/integrations/change'
import { withStoredCredential } from '#server/integrations/credentials'
import { cancelConnection, endConnections, pruneConnections } from '#server/integrations/pending-end'
import { removeIntegration } from '#server/integrations/remove'
import { changeResource, getIntegration } from '#server/integrations/view'
import { supabase } from '#server/connectors/supabase'
import { openFlow } from '#server/oauth/state'
import { listAssessments } from '#server/scanner/view'
import { signInAs } from '../support/account.ts'
import { newPerson } from '../support/client.ts'
import { consent } from '../support/consent.ts'
import { findingsOf, production, resourceId, resourcesOf } from '../support/findings.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(() => { rooms.provider.calls.splice(0) })
afterEach(() => rooms.provider.clearFaults())

/** Another account, which no other test has connected. */
let elsewhere = ''
beforeEach(() => { elsewhere = `elsewhere-${crypto.randomUUID().slice(0, 8)}` })
const own = 'kvtrzmwqyhxbncdlfgps'
const revocations = () => rooms.provider.count({ path: '/v1/oauth/revoke' })
const waiting = () => rooms.sql<{ id: string, config: Record<string, unknown> }>('select id, config from public.pending_connections')

async function connected() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  rooms.provider.calls.splice(0)
  return { who, id }
}

/** @returns the connection that waits for a word */
async function held(who: Caller, id: string, slug = elsewhere): Promise<string> {
  signInAs(rooms.provider, slug)
  const { pendingId } = await rooms.arrive(who, id)
  rooms.provider.clearFaults()
  if (pendingId === undefined) throw new Error('It was stored')
  return pendingId
}

/** All that a reconnect of A must not touch, credentials included. */
async function everythingOf(who: Caller, id: string) {
  const [row] = await rooms.sql('select * from public.integrations where id = $1', [id])
  return JSON.stringify([row, await findingsOf(who, id), await resourcesOf(who, id), (await listAssessments(who, { limit: 50, integration_id: id })).data])
}

const late = () => new Date(Date.now() + 11 * 60_000)
const refused = (code: string) => ({ name: 'AppError', code })

describe('of the same account', () => {
  it('keeps the integration, its switches, checks, schedule, name, pause, findings and history', async () => {
    const { who, id } = await connected()
    await changeIntegration(who, id, { name: 'Ours', scan_schedule: '5 4 3 * *', enabled_checks: ['rls', 'supabase_ssl_enforced'], status: 'paused' }, from)
    await changeResource(who, id, await resourceId(who, id, production), false, from)
    const [before, resources, findings, history] = [await getIntegration(who, id), await resourcesOf(who, id), await findingsOf(who, id), (await listAssessments(who, { limit: 50, integration_id: id })).data]
    const oldTokens = await withStoredCredential({ integrationId: id, purpose: 'test', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)

    expect(await rooms.connect(who, id)).toBe(id)
    const after = await getIntegration(who, id)
    const { id: _, name, scan_schedule, status, next_check_at, created_at, external_account_id, config: { enabled_checks, project_id } } = before
    expect(after).toMatchObject({ id, name, scan_schedule, status, created_at, external_account_id, config: { enabled_checks, project_id } })
    expect(after.status).toBe('paused')
    expect(Date.parse(after.next_check_at ?? '')).toBe(Date.parse(next_check_at ?? ''))
    const same = ({ id, external_id, enabled, created_at }: (typeof resources)[number]) => ({ id, external_id, enabled, created_at })
    expect((await resourcesOf(who, id)).map(same)).toEqual(resources.map(same))
    expect(await findingsOf(who, id)).toEqual(findings)
    // Paused: no scan was started.
    expect((await listAssessments(who, { limit: 50, integration_id: id })).data).toEqual(history)
    const newTokens = await withStoredCredential({ integrationId: id, purpose: 'test', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)
    expect(newTokens.accessToken).not.toBe(oldTokens.accessToken)
    expect(newTokens.refreshToken).not.toBe(oldTokens.refreshToken)

    await changeIntegration(who, id, { status: 'active' }, from)
    await rooms.scan(who, id)
    const firstSeen = new Map(findings.map(finding => [finding.id, finding.first_seen_at]))
    const later = await findingsOf(who, id)
    expect(later.map(finding => finding.id).sort()).toEqual([...firstSeen.keys()].sort())
    for (const finding of later) expect(finding.first_seen_at).toBe(firstSeen.get(finding.id))
  })

  it('heals an error, also under a pause', async () => {
    const { who, id } = await connected()
    const error = JSON.stringify({ class: 'dead_grant', code: 'x', message: 'Gone.', at: new Date().toISOString() })
    for (const [was, is] of [['error', 'active'], ['paused', 'paused'], ['active', 'active']]) {
      await rooms.sql('update public.integrations set status = $2, last_error = $3::text::jsonb where id = $1', [id, was, error])
      await rooms.connect(who, id)
      expect(await getIntegration(who, id)).toMatchObject({ status: is, last_error: null })
    }
  })

  it('asks the provider for that account, and for none when anything may be connected', async () => {
    const { who, id } = await connected()
    const slugOf = async (integrationId: string | null) => (await beginConnection(supabase, who, integrationId)).url.searchParams.get('organization_slug')
    expect(await slugOf(id)).toBe(own)
    expect(await slugOf(null)).toBeNull()
  })

  it('does not start for an integration that is not there, or another organization\'s', async () => {
    const { id } = await connected()
    const stranger = await rooms.person()
    for (const named of [id, crypto.randomUUID()]) {
      await expect(beginConnection(supabase, stranger, named)).rejects.toMatchObject(refused('not_found'))
    }
  })

  it('is refused, and its grant ended, when the integration was removed on the way', async () => {
    // Nobody else's connection to that account.
    await rooms.sql('delete from public.integrations')
    const { who, id } = await connected()
    const { url, cookie } = await beginConnection(supabase, who, id)
    const code = new URL(await consent(url.href, 'approve')).searchParams.get('code') ?? ''
    await removeIntegration(who, id, from)
    rooms.provider.calls.splice(0)
    await expect(finishConnection(supabase, who, openFlow(cookie.value), code, from)).rejects.toMatchObject({ name: 'ConnectRefused', code: 'account_mismatch' })
    expect([revocations(), await waiting()]).toEqual([1, []])
  })
})

describe('as another account', () => {
  afterEach(() => rooms.sql('delete from public.pending_connections'))

  it('changes nothing, names both, and keeps the new tokens encrypted for ten minutes', async () => {
    const { who, id } = await connected()
    const before = await everythingOf(who, id)
    const pending = await held(who, id)
    expect(await everythingOf(who, id)).toBe(before)
    expect(revocations()).toBe(0)
    const view = await viewConnection(who, pending)
    expect(view).toEqual({
      id: pending, integration_type: 'supabase', account_kind: 'organization slug', expires_at: expect.any(String) as string,
      wanted: { id, name: 'Brightwater Labs', external_account_id: own, external_account_name: 'Brightwater Labs', sandbox: false },
      found: { external_account_id: elsewhere, external_account_name: 'Elsewhere Ltd', sandbox: false }, existing: null,
    })
    expect(Date.parse(view.expires_at) - Date.now()).toBeGreaterThan(590_000)
    expect(Date.parse(view.expires_at) - Date.now()).toBeLessThanOrEqual(600_000)
    const [row] = await waiting()
    const text = JSON.stringify(row)
    expect([...rooms.provider.secrets].filter(secret => text.includes(secret))).toEqual([])
    for (const field of ['access_token', 'refresh_token']) expect(row?.config[field]).toMatch(/^[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\./)
  })

  it('becomes an integration of its own once confirmed, whose credential works', async () => {
    const { who, id } = await connected()
    const before = await everythingOf(who, id)
    const second = await confirmConnection(who, await held(who, id), from)
    expect(second).not.toBe(id)
    expect(await getIntegration(who, second)).toMatchObject({ name: 'Elsewhere Ltd', external_account_id: elsewhere, status: 'active', config: { scopes_granted: expect.arrayContaining(['projects:read']) as string[] } })
    expect((await rooms.scan(who, second)).counts.error).toBe(0)
    expect(await everythingOf(who, id)).toBe(before)
    expect([await waiting(), revocations()]).toEqual([[], 0])
  })

  it('is a reconnect of the integration that the account has already, which is named', async () => {
    const { who, id } = await connected()
    signInAs(rooms.provider, elsewhere)
    const second = await rooms.connect(who)
    await rooms.scan(who, second)
    await changeIntegration(who, second, { name: 'The other one' }, from)
    const [first, findings] = [await everythingOf(who, id), await findingsOf(who, second)]
    const pending = await held(who, id)
    expect(await viewConnection(who, pending)).toMatchObject({ wanted: { id }, existing: { id: second, name: 'The other one' } })
    expect(await confirmConnection(who, pending, from)).toBe(second)
    expect(await getIntegration(who, second)).toMatchObject({ name: 'The other one' })
    expect(await findingsOf(who, second)).toEqual(findings)
    expect(await everythingOf(who, id)).toBe(first)
  })

  it('stores once, however often and however many at once confirm', async () => {
    const { who, id } = await connected()
    const pending = await held(who, id)
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => confirmConnection(who, pending, from)))
    expect(outcomes.map(outcome => outcome.status).sort()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
    await expect(confirmConnection(who, pending, from)).rejects.toMatchObject(refused('not_found'))
    expect(await rooms.sql('select 1 from public.integrations where organization_id = $1', [who.organizationId])).toHaveLength(2)
    const actions = await rooms.sql<{ action: string }>(`select action from public.audit_log where organization_id = $1 and action like '%connect%' order by created_at, id`, [who.organizationId])
    expect(actions.map(row => row.action)).toEqual(['integration.connected', 'connection.held', 'integration.connected'])
  })

  it('ends the new grant when it is not wanted, and not a second time', async () => {
    const { who, id } = await connected()
    const before = await everythingOf(who, id)
    const pending = await held(who, id)
    await cancelConnection(who, pending, from)
    expect([revocations(), await waiting()]).toEqual([1, []])
    await expect(cancelConnection(who, pending, from)).rejects.toMatchObject(refused('not_found'))
    await expect(confirmConnection(who, pending, from)).rejects.toMatchObject(refused('not_found'))
    expect(await everythingOf(who, id)).toBe(before)
    expect((await rooms.scan(who, id)).counts.error).toBe(0)
  })

  it('is not ended at the provider while an integration of the same account rests on it', async () => {
    const { who, id } = await connected()
    const neighbour = await rooms.person()
    signInAs(rooms.provider, elsewhere)
    await rooms.connect(neighbour)
    await cancelConnection(who, await held(who, id, elsewhere), from)
    expect([revocations(), await waiting()]).toEqual([0, []])
  })

  it('is nobody else\'s to see, confirm or cancel', async () => {
    const { who, id } = await connected()
    const pending = await held(who, id)
    const stranger = await rooms.person()
    const colleague = await joined(who, 'admin')
    // The same person, acting for another organization of theirs.
    const otherwise = { ...who, organizationId: stranger.organizationId }
    for (const other of [stranger, colleague, otherwise]) {
      await expect(viewConnection(other, pending)).rejects.toMatchObject(refused('not_found'))
      await expect(confirmConnection(other, pending, from)).rejects.toMatchObject(refused('not_found'))
      await expect(cancelConnection(other, pending, from)).rejects.toMatchObject(refused('not_found'))
    }
    for (const client of [who.client, colleague.client, anonClient()]) {
      expect((await client.from('pending_connections').select('id')).error?.code).toBe('42501')
    }
    expect(await viewConnection(who, pending)).toMatchObject({ id: pending })
  })

  it('expires, is refused then, and is ended by the task', async () => {
    const { who, id } = await connected()
    const before = await everythingOf(who, id)
    const pending = await held(who, id)
    await rooms.sql(`update public.pending_connections set expires_at = now() - interval '1 second' where id = $1`, [pending])
    await expect(viewConnection(who, pending)).rejects.toMatchObject(refused('connection_expired'))
    await expect(confirmConnection(who, pending, from)).rejects.toMatchObject(refused('connection_expired'))
    expect(await pruneConnections()).toBe(1)
    expect([revocations(), await waiting()]).toEqual([1, []])
    await expect(viewConnection(who, pending)).rejects.toMatchObject(refused('not_found'))
    expect(await everythingOf(who, id)).toBe(before)
    const [ended] = await rooms.sql<{ detail: object }>(`select detail from public.audit_log where organization_id = $1 and action = 'connection.ended'`, [who.organizationId])
    expect(ended?.detail).toEqual({ integration_type: 'supabase', account: elsewhere, connection_id: pending, reason: 'expired', revocation: 'revoked' })
  })

  it('is left alone by the task while somebody may still answer', async () => {
    const { who, id } = await connected()
    const pending = await held(who, id)
    expect(await pruneConnections()).toBe(0)
    expect(await confirmConnection(who, pending, from)).toEqual(expect.any(String))
  })

  it('is not lost when everything stops after it was kept: the task ends it later, once', async () => {
    const { who, id } = await connected()
    await held(who, id)
    // Nobody came back to the page. Two processes wake up.
    const gone = await Promise.all([pruneConnections(late()), pruneConnections(late())])
    expect(gone.reduce((sum, one) => sum + one)).toBe(1)
    expect(await waiting()).toEqual([])
    expect(revocations()).toBeGreaterThan(0)
  })

  it('cannot be confirmed once its end has begun, and is ended when the provider is back', async () => {
    const { who, id } = await connected()
    const pending = await held(who, id)
    rooms.provider.fail({ kind: 'server_error', path: '/v1/oauth/revoke' })
    await cancelConnection(who, pending, from)
    await expect(confirmConnection(who, pending, from)).rejects.toMatchObject(refused('not_found'))
    expect(await pruneConnections()).toBe(0)
    expect(await waiting()).toHaveLength(1)
    rooms.provider.clearFaults()
    expect(await pruneConnections()).toBe(1)
    expect(await waiting()).toEqual([])
  })

  it('is given up after a day that the provider is away', async () => {
    const { who, id } = await connected()
    await held(who, id)
    rooms.provider.fail({ kind: 'server_error', path: '/v1/oauth/revoke' })
    expect(await pruneConnections(late())).toBe(0)
    expect(await pruneConnections(new Date(Date.now() + 25 * 3600_000))).toBe(1)
    expect(await waiting()).toEqual([])
  })

  it('outlives the integration that was to be reconnected', async () => {
    const { who, id } = await connected()
    const pending = await held(who, id)
    await removeIntegration(who, id, from)
    expect(await viewConnection(who, pending)).toMatchObject({ wanted: null, found: { external_account_id: elsewhere } })
    expect(await getIntegration(who, await confirmConnection(who, pending, from))).toMatchObject({ external_account_id: elsewhere })
  })

  it('is ended with its organization, and with no other', async () => {
    const [ours, theirs] = [await connected(), await connected()]
    await held(ours.who, ours.id)
    const other = await held(theirs.who, theirs.id, `third-${elsewhere}`)
    expect(await endConnections(ours.who, from)).toBe(1)
    expect([revocations(), (await waiting()).map(row => row.id)]).toEqual([1, [other]])
    expect(await viewConnection(theirs.who, other)).toMatchObject({ id: other })
  })

  it('does not open when its ciphertext was moved to another row', async () => {
    const { who, id } = await connected()
    const [first, second] = [await held(who, id), await held(who, id, `third-${elsewhere}`)]
    await rooms.sql('update public.pending_connections set config = (select config from public.pending_connections where id = $1) where id = $2', [first, second])
    await expect(confirmConnection(who, second, from)).rejects.toMatchObject({ name: 'EncryptionError', code: 'value_rejected' })
    expect(await confirmConnection(who, first, from)).toEqual(expect.any(String))
  })
})

/** Somebody new in the same organization. */
async function joined(owner: Caller, role: 'admin' | 'member'): Promise<Caller> {
  const { email, password } = newPerson(role)
  const { data } = await anonClient().auth.signUp({ email, password })
  if (!data.user || !data.session) throw new Error('Nobody could sign up')
  await rooms.sql('insert into public.user_organizations (organization_id, user_id, role) values ($1, $2, $3)', [owner.organizationId, data.user.id, role])
  return { userId: data.user.id, email, organizationId: owner.organizationId, client: userClient(data.session.access_token) }
}
