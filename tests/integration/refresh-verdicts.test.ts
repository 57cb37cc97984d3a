/**
 * Two that speak of a connection, its provider's token endpoint and its API: neither takes back what the other has said, and
 * nobody is told of a recovery that was none. On a real PostgreSQL.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { withApi } from '#server/integrations/credentials'
import { healthReport } from '#server/integrations/health-report'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { connectBlindly, install } from '../support/connections.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
let id: string
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  install(mirror, provider)
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  provider.refusesReads = false
  provider.fault = null
  who = await rooms.person()
  id = await connectBlindly(mirror, who)
  provider.tokenCalls.splice(0)
  provider.reads.splice(0)
})

const nothing: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
const due = () => rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute', config = jsonb_set(config, '{expires_at}', to_jsonb((now() + interval '6 min')::text)) where id = $1`, [id])
const run = async () => {
  await due()
  return refreshDue(new AbortController().signal)
}
const ask = () => withApi({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, new AbortController().signal, api => mirror.account(api))
const state = async () => (await rooms.sql<{ status: string, health: string, error: { class: string, code: string, call: string } | null }>(
  'select status, health_state as health, last_error as error from public.integrations where id = $1', [id]))[0]
const alerts = async () => (await rooms.sql<{ alert: string }>('select alert from public.health_changes where integration_id = $1 and alert is not null order by at', [id])).map(row => row.alert)
const refused = { status: 'error', health: 'action_required', error: { class: 'dead_grant', code: 'unauthorized', call: 'api' } }

describe('a refusal by the API, even of a fresh token', () => {
  beforeEach(async () => {
    provider.refusesReads = true
    await expect(ask()).rejects.toMatchObject({ failure: 'dead_grant', code: 'unauthorized' })
    expect(await state()).toMatchObject(refused)
    provider.tokenCalls.splice(0)
    provider.reads.splice(0)
  })

  it('is not taken back by a renewal: one call of the API follows at once, and decides', async () => {
    for (let times = 1; times <= 2; times++) {
      expect(await run()).toEqual({ ...nothing, failed: 1 })
      expect([provider.tokenCalls.length, provider.reads.length]).toEqual([times, times])
      expect(await state()).toMatchObject(refused)
    }
    expect(await alerts()).toEqual(['action_required'])
    provider.refusesReads = false
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expect(await state()).toEqual({ status: 'active', health: 'healthy', error: null })
    expect(await alerts()).toEqual(['action_required', 'recovered'])
  })

  it('stays when the token endpoint fails for a while', async () => {
    provider.fault = () => Response.json({ error: 'server_error' }, { status: 500 })
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await state()).toMatchObject(refused)
  })

  it('is taken back by an answer of the API', async () => {
    provider.refusesReads = false
    await ask()
    expect(await state()).toEqual({ status: 'active', health: 'healthy', error: null })
    expect(await alerts()).toEqual(['action_required', 'recovered'])
  })
})

describe('what the token endpoint said', () => {
  it.each([
    ['invalid_grant', 400, { status: 'error', health: 'action_required', error: { class: 'dead_grant', code: 'invalid_grant', call: 'refresh' } }],
    ['invalid_client', 401, { status: 'active', health: 'degraded', error: { class: 'our_application', code: 'invalid_client', call: 'refresh' } }],
    ['server_error', 500, { status: 'active', health: 'degraded', error: { class: 'passing', code: 'server_error', call: 'refresh' } }],
  ])('is not taken back by an answer of the API to the token that still lives: %s', async (error, status, said) => {
    provider.fault = () => Response.json({ error }, { status })
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await state()).toMatchObject(said)
    await ask()
    expect(await state()).toMatchObject(said)
    provider.fault = null
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expect(await state()).toEqual({ status: 'active', health: 'healthy', error: null })
    expect(await alerts()).toEqual([said.health, 'recovered'])
  })
})

describe('a token that others renew', () => {
  it('is no refusal when it dies in the middle of a long scan, however often', async () => {
    const reads = await withApi({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, new AbortController().signal, async (api) => {
      for (let times = 0; times < 3; times++) {
        await mirror.account(api)
        // Which ends the token that the scan holds.
        expect(await run()).toEqual({ ...nothing, refreshed: 1 })
      }
      return mirror.account(api)
    })
    expect(reads).toMatchObject({ id: 'acme' })
    expect(await state()).toEqual({ status: 'active', health: 'healthy', error: null })
    expect(provider.tokenCalls).toHaveLength(3)
  })
})

describe('the page with the renewals', () => {
  it('shows none as running whose process is gone, and none that was never sent', async () => {
    const add = (state: string, age: string) => rooms.sql(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, state, sent_at)
      values ($1, $2, 'main', 1, 'x', $3, now() - $4::interval)`, [id, who.organizationId, state, age])
    await add('sent', '1 minute')
    await add('sent', '4 minutes')
    await add('begun', '1 minute')
    expect((await healthReport(who, id)).renewals.map(renewal => renewal.state)).toEqual(['sent', 'uncertain'])
  })
})
