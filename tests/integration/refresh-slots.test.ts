/** One grant with two tokens, a bot's and a person's: each is renewed by its own refresh token, and dies alone. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { openConfig, withApi, withStoredCredential, type Secrets } from '#server/integrations/credentials'
import { refresh } from '#server/integrations/refresh'
import { hours, minutes, startClock, type Clock } from '../support/clock.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { connectBlindly, install } from '../support/connections.ts'
import { duo } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
let clock: Clock
let id: string
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider({ main: 12 * 3600, user: 3600 })
  install(duo, provider)
  clock = startClock()
})
afterAll(async () => {
  clock?.stop()
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  clock.pass(hours(2))
  id = await connectBlindly(duo, await rooms.person())
  provider.tokenCalls.splice(0)
})

const nothing: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
const run = () => refreshDue(new AbortController().signal)
const use = () => ({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }) as const
const stored = () => withStoredCredential(use(), async secrets => secrets)
const slotsCalled = () => provider.tokenCalls.map(call => call.slot)
const stateOf = async () => (await rooms.sql<{ status: string, slot: string, error: { class: string, slot?: string } | null }>(
  'select status, refresh_slot as slot, last_error as error from public.integrations where id = $1', [id]))[0]

/** What is stored is what the provider takes, of both tokens. */
function expectCurrent(secrets: Secrets) {
  const { main, user } = { main: secrets.refreshToken ?? '', user: secrets.extra.user?.refreshToken ?? '' }
  expect(provider.current(main)).toEqual({ accessToken: secrets.accessToken, refreshToken: main })
  expect(provider.current(user)).toEqual({ accessToken: secrets.extra.user?.accessToken, refreshToken: user })
}

it('renews the one that is due, and leaves the other as it is', async () => {
  const before = await stored()
  expect(await stateOf()).toMatchObject({ slot: 'user' })
  expect(await run()).toEqual(nothing)
  clock.pass(minutes(51))
  expect(await run()).toEqual({ ...nothing, refreshed: 1 })
  expect(slotsCalled()).toEqual(['user'])
  const after = await stored()
  expect([after.accessToken, after.refreshToken]).toEqual([before.accessToken, before.refreshToken])
  expect(after.extra.user).not.toEqual(before.extra.user)
  expectCurrent(after)
})

it('renews each in its own time', async () => {
  for (let passed = 0; passed < 24 * 60; passed += 10) {
    clock.pass(minutes(10))
    await run()
  }
  const calls = slotsCalled()
  expect(calls.filter(slot => slot === 'main')).toHaveLength(2)
  // Each lives for an hour and is replaced ten minutes ahead.
  expect(calls.filter(slot => slot === 'user').length).toBeGreaterThanOrEqual(24)
  expect(calls.filter(slot => slot === 'user').length).toBeLessThanOrEqual(29)
  expect(provider.reused()).toBe(0)
  expectCurrent(await stored())
  expect(await stateOf()).toMatchObject({ status: 'active', error: null })
})

it('goes on without the person\'s token, says so until there is one again, and spends nothing of the other', async () => {
  const { extra } = await stored()
  provider.end(extra.user?.refreshToken ?? '')
  clock.pass(minutes(51))
  expect(await run()).toEqual({ ...nothing, failed: 1 })
  const broken = { status: 'active', error: { class: 'dead_grant', slot: 'user' } }
  expect(await stateOf()).toMatchObject(broken)

  for (let passed = 0; passed < 24 * 60; passed += 10) {
    clock.pass(minutes(10))
    await run()
  }
  // The bot's is renewed in time; the dead one is looked at now and then.
  expect(slotsCalled().filter(slot => slot === 'main')).toHaveLength(2)
  expect(slotsCalled().filter(slot => slot === 'user').length).toBeLessThanOrEqual(5)
  expect(provider.reused()).toBe(0)
  // A call with the bot's succeeds, and does not hide what is wrong with the other.
  await withApi(use(), new AbortController().signal, api => duo.account(api))
  expect(await stateOf()).toMatchObject(broken)
  expect(provider.current((await stored()).refreshToken ?? '')).toMatchObject({ accessToken: (await stored()).accessToken })
})

it('is renewed also when the bot\'s was meanwhile, which is no newer token of the person\'s', async () => {
  const { row, secrets: before } = await withStoredCredential(use(), async (secrets, row) => ({ row, secrets }))
  await refresh(row, openConfig)
  const newer = await refresh(row, openConfig, 'user')
  expect(slotsCalled()).toEqual(['main', 'user'])
  const after = await stored()
  expect([newer.version, after.extra.user?.refreshToken === before.extra.user?.refreshToken]).toEqual([3, false])
  expectCurrent(after)
  // Whoever still has the first row gets what there is.
  expect((await refresh(row, openConfig, 'user')).version).toBe(3)
  expect((await refresh(row, openConfig)).version).toBe(3)
  expect(slotsCalled()).toHaveLength(2)
})

it('counts a lost answer of the person\'s across renewals of the bot\'s', async () => {
  const before = await stored()
  const user = before.extra.user?.refreshToken ?? ''
  // Sent, and its process died; then the bot's token was renewed.
  await rooms.sql(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, state) select id, organization_id, 'user', version, 'x', 'sent' from public.integrations where id = $1`, [id])
  const { row } = await withStoredCredential(use(), async (_, row) => ({ row }))
  await refresh(row, openConfig)
  provider.end(user)
  await expect(refresh(row, openConfig, 'user')).rejects.toMatchObject({ failure: 'dead_grant', code: 'answer_lost' })
  expect(await stateOf()).toMatchObject({ status: 'active', error: { class: 'dead_grant', slot: 'user' } })
})

it('ends with the bot\'s token, and leaves the person\'s unspent', async () => {
  const before = await stored()
  provider.end(before.refreshToken ?? '')
  // Off for long enough that both are due.
  await rooms.sql(`update public.integrations set refresh_slot = 'main' where id = $1`, [id])
  clock.pass(hours(13))
  expect(await run()).toEqual({ ...nothing, failed: 1 })
  expect(await stateOf()).toMatchObject({ status: 'error', error: { class: 'dead_grant' } })
  expect(slotsCalled()).toEqual(['main'])
  expect(provider.current(before.extra.user?.refreshToken ?? '')).toEqual(before.extra.user)
})
