/**
 * What a provider said of a grant and never took back: the message that it is over was lost, or one about an earlier grant came too
 * late. The next look at the account shows it, without anybody's help.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { accept } from '#server/integrations/accept'
import { applyDeliveries } from '#server/integrations/deliveries'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { scanDue } from '#server/scanner/due'
import { connectBlindly, install } from '../support/connections.ts'
import { signingKey } from '../support/deliveries.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { noisy } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
let id: string
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider({ main: 3600 })
  install(noisy, { env: connector => ({ ...provider.env(connector), NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: signingKey }) })
  who = await rooms.person()
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  provider.fault = null
  provider.readFault = null
  id = await connectBlindly(noisy, who, { installation_id: '42' })
  await rooms.scan(who, id)
})

const nothing: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
const run = () => refreshDue(new AbortController().signal)
/** Its token ends soon, and is renewed; or it does not, and is tried. */
const due = (endsIn: '6 minutes' | '3 days') => rooms.sql(`update public.integrations
  set refresh_due_at = now() - interval '1 minute', config = jsonb_set(config, '{expires_at}', to_jsonb(now() + $2::interval)) where id = $1`, [id, endsIn])
async function told(what: 'ended' | 'suspended'): Promise<void> {
  await accept({ provider: 'noisy', sandbox: false, delivery_id: randomUUID(), events: [{ what, account_id: 'acme', facts: {}, at: null, resource_id: null }] })
  await applyDeliveries('noisy', false)
}
/** What the account shows by itself from now on. */
const installedIn = (installation: string) => rooms.sql(`update public.integrations set config = jsonb_set(config, '{facts,installation_id}', to_jsonb($2::text)) where id = $1`, [id, installation])
const stateOf = async () => (await rooms.sql<{ state: string, wait: number, failures: number }>(
  `select concat_ws(' ', status, last_error ->> 'code', health_state, provider_state) as state, extract(epoch from refresh_due_at - now())::integer as wait,
    refresh_failures as failures from public.integrations where id = $1`, [id]))[0] ?? { state: 'gone', wait: 0, failures: 0 }
const said = { ended: 'error uninstalled action_required ended', suspended: 'error suspended action_required suspended' }
const well = 'active healthy'
const alerts = async () => (await rooms.sql<{ alert: string }>('select alert from public.health_changes where integration_id = $1 and alert is not null order by at', [id])).map(row => row.alert)

describe.each(['ended', 'suspended'] as const)('%s, and nothing said since', (what) => {
  it.each([['6 minutes', { ...nothing, refreshed: 1 }], ['3 days', { ...nothing, probed: 1 }]] as const)('is over when a look finds the account: a token that ends in %s', async (endsIn, done) => {
    await told(what)
    expect((await stateOf()).state).toBe(said[what])
    await due(endsIn)
    expect(await run()).toEqual(done)
    expect((await stateOf()).state).toBe(well)
    expect(await alerts()).toEqual(['action_required', 'recovered'])
    // And it is scanned again, as planned.
    await rooms.sql(`update public.integrations set next_check_at = now() - interval '1 minute' where id = $1`, [id])
    expect(await scanDue()).toMatchObject({ claimed: 1 })
  })

  it.each([['6 minutes', { ...nothing, refreshed: 1 }], ['3 days', { ...nothing, probed: 1 }]] as const)('stands while the account is not to be found, and is looked at again later: a token that ends in %s', async (endsIn, done) => {
    await told(what)
    for (const installation of ['nowhere', 'forged']) {
      await installedIn(installation)
      await due(endsIn)
      expect(await run()).toEqual(done)
      const { state, wait, failures } = await stateOf()
      expect([state, failures]).toEqual([said[what], 0])
      expect(wait).toBeGreaterThan(45 * 60)
    }
    expect(await alerts()).toEqual(['action_required'])
  })

  it('stands when another account is found', async () => {
    await told(what)
    provider.readFault = path => path === '/v1/organizations' ? Response.json([{ slug: 'other', name: 'Other' }]) : null
    await due('3 days')
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect((await stateOf()).state).toBe(said[what])
  })

  it('is over by a look within minutes, before the token is due', async () => {
    expect((await stateOf()).wait).toBeGreaterThan(45 * 60)
    await told(what)
    const { wait } = await stateOf()
    expect(wait).toBeGreaterThan(60)
    expect(wait).toBeLessThan(10 * 60)
    await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 second' where id = $1`, [id])
    provider.tokenCalls.splice(0)
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect(provider.tokenCalls).toEqual([])
    expect((await stateOf()).state).toBe(well)
  })

  it('leaves a pause a pause', async () => {
    await rooms.sql(`update public.integrations set status = 'paused' where id = $1`, [id])
    await told(what)
    await due('3 days')
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect((await stateOf()).state).toBe('paused unknown')
  })
})

it.each(['ended', 'suspended'] as const)('what is said while a look is under way stands: %s', async (what) => {
  await told('suspended')
  await due('3 days')
  provider.readFault = async () => {
    await told(what)
    return null
  }
  expect(await run()).toEqual({ ...nothing, probed: 1 })
  expect((await stateOf()).state).toBe(said[what])
})

it('an end without a time, of a grant that a reconnect has replaced, is over by itself', async () => {
  expect(await connectBlindly(noisy, who, { installation_id: '43' })).toBe(id)
  await told('ended')
  expect((await stateOf()).state).toBe(said.ended)
  await due('3 days')
  expect(await run()).toEqual({ ...nothing, probed: 1 })
  expect((await stateOf()).state).toBe(well)
})

it('a suspension that covered the end of the token is over as well, once the token is renewed', async () => {
  provider.fault = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
  await told('suspended')
  await due('6 minutes')
  expect(await run()).toEqual({ ...nothing, failed: 1 })
  expect((await stateOf()).state).toBe('error invalid_grant action_required suspended')
  provider.fault = null
  await due('6 minutes')
  expect(await run()).toEqual({ ...nothing, refreshed: 1 })
  expect((await stateOf()).state).toBe(well)
})
