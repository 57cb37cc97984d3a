/** The task that keeps credentials alive: what is due, what never ends, who fails, and who must not suffer from that. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { serviceClient } from '#server/database/clients'
import { refreshDue, REFRESH_LANES, ROWS_PER_LANE, type RefreshRun } from '#server/integrations/refresh-due'
import { toBegun } from '#server/integrations/begun'
import { openConfig, withStoredCredential } from '#server/integrations/credentials'
import { redeem } from '#server/integrations/redeem'
import { TurnMissed } from '#server/integrations/refresh-errors'
import { pruneJournal } from '#server/integrations/retention'
import { days, hours, minutes, startClock, type Clock } from '../support/clock.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { install, seedConnections } from '../support/connections.ts'
import { mirror } from '../support/test-connectors.ts'

let rooms: Rooms
let second: RotatingProvider
let clock: Clock
const began = Date.now()
beforeAll(async () => {
  // Its tokens live for an hour by its own clock, which stands still: what is refused is refused by a test.
  rooms = await openRooms({ provider: { now: () => began } })
  second = await startRotatingProvider()
  install(mirror, second)
  clock = startClock()
})
afterAll(async () => {
  clock?.stop()
  useConnectors(null)
  await second?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  rooms.provider.calls.splice(0)
  second.tokenCalls.splice(0)
  // A provider that one test made suspect is tried again in the next.
  clock.pass(hours(2))
})
afterEach(() => {
  rooms.provider.clearFaults()
  second.fault = null
})

const nothing: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
const run = () => refreshDue(new AbortController().signal)
const redeems = () => rooms.provider.count({ grantType: 'refresh_token' })
const reads = () => rooms.provider.count({ method: 'GET' })
const stored = (id: string) => withStoredCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)
const stateOf = async (id: string) => (await rooms.sql<{ status: string, version: number, due: string, failures: number, error: { class: string, code: string } | null }>(
  'select status, version::integer as version, refresh_due_at::text as due, refresh_failures as failures, last_error as error from public.integrations where id = $1', [id]))[0] ?? never()
const never = (): never => { throw new Error('There is no such integration') }
const dueIn = async (id: string) => Date.parse((await stateOf(id)).due) - Date.now()
const about = (milliseconds: number) => [milliseconds - minutes(1), milliseconds + minutes(1)] as const
function expectAbout(value: number, expected: number) {
  const [low, high] = about(expected)
  expect(value).toBeGreaterThan(low)
  expect(value).toBeLessThan(high)
}

async function connected() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  rooms.provider.calls.splice(0)
  return { who, id }
}

/** The provider's next answer to a token call, without these fields. */
function leaveOut(...fields: string[]) {
  rooms.provider.fail({ path: '/v1/oauth/token', times: 1, kind: async (_request, pass) => {
    const answer = await (await pass()).json() as object
    return Response.json(Object.fromEntries(Object.entries(answer).filter(([name]) => !fields.includes(name))))
  } })
}

const expires = (id: string, milliseconds: number) => rooms.sql(
  `update public.integrations set config = jsonb_set(config, '{expires_at}', to_jsonb($2::text)), refresh_due_at = $3::timestamptz where id = $1`,
  [id, new Date(Date.now() + milliseconds).toISOString(), new Date(Date.now() - 1).toISOString()])

describe('what is due', () => {
  it('is renewed ten minutes before it ends, and nothing else is', async () => {
    const [early, late] = [await connected(), await connected()]
    await expires(early.id, minutes(9))
    const before = await stored(early.id)
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expect([redeems(), reads()]).toEqual([1, 0])
    expect((await stored(early.id)).refreshToken).not.toBe(before.refreshToken)
    expectAbout(await dueIn(early.id), minutes(50))
    expect([(await stateOf(early.id)).version, (await stateOf(late.id)).version]).toEqual([2, 1])
    expect(await run()).toEqual(nothing)
    clock.pass(minutes(51))
    expect(await run()).toEqual({ ...nothing, refreshed: 2 })
  })

  it('keeps the last lifetime, and the old refresh token, when the answer names none', async () => {
    const { id } = await connected()
    const { refreshToken } = await stored(id)
    clock.pass(minutes(51))
    leaveOut('expires_in', 'refresh_token')
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expectAbout(await dueIn(id), minutes(50))
    expect((await stored(id)).refreshToken).toBe(refreshToken)
  })

  it('is done without a scan, an organization\'s pause, or a person', async () => {
    const { id } = await connected()
    await rooms.sql(`update public.integrations set status = 'paused' where id = $1`, [id])
    clock.pass(minutes(51))
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'paused', error: null })
  })

  it('ends with what is under way when the process is asked to end', async () => {
    const { id } = await connected()
    await expires(id, 0)
    expect(await refreshDue(AbortSignal.abort())).toEqual(nothing)
    expect((await stateOf(id)).version).toBe(1)
  })
})

describe('a token that names no end', () => {
  async function endless(...without: string[]) {
    const who = await rooms.person()
    leaveOut('expires_in', ...without)
    const id = await rooms.connect(who)
    rooms.provider.calls.splice(0)
    return { id }
  }

  it('is looked at after a day by one cheap call, and never redeemed', async () => {
    const { id } = await endless()
    expectAbout(await dueIn(id), days(1))
    clock.pass(hours(23))
    expect(await run()).toEqual(nothing)
    for (let day = 0; day < 3; day++) {
      clock.pass(day === 0 ? hours(1) + minutes(1) : days(1))
      expect(await run()).toEqual({ ...nothing, probed: 1 })
      expectAbout(await dueIn(id), days(1))
    }
    expect(rooms.provider.calls.map(call => `${call.method} ${call.path}`)).toEqual(Array.from({ length: 3 }, () => 'GET /v1/organizations'))
    expect(await stateOf(id)).toMatchObject({ status: 'active', version: 1, error: null, failures: 0 })
  })

  it('is renewed once when the look is answered with 401', async () => {
    const { id } = await endless()
    clock.pass(days(1) + minutes(1))
    rooms.provider.fail({ kind: 'unauthorized', path: '/v1/organizations', times: 1 })
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect([redeems(), reads()]).toEqual([1, 2])
    expect(await stateOf(id)).toMatchObject({ status: 'active', version: 2, error: null, failures: 0 })
  })

  it('without a refresh token, it ends as dead when it is refused, and heals when it is not any more', async () => {
    const { id } = await endless('refresh_token')
    expect((await stored(id)).refreshToken).toBeNull()
    clock.pass(days(1) + minutes(1))
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    clock.pass(days(1))
    rooms.provider.fail({ kind: 'unauthorized', path: '/v1/organizations' })
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'error', failures: 1, error: { class: 'dead_grant', code: 'expired_without_refresh_token' } })
    expect(redeems()).toBe(0)

    rooms.provider.clearFaults()
    clock.pass(hours(11))
    expect(await run()).toEqual(nothing)
    clock.pass(hours(26))
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'active', failures: 0, error: null })
  })

  it.each([['server_error', 'server_error'], ['reset', 'unreachable'], ['html', 'not_json']] as const)('that could not be looked at (%s) is looked at again soon, and stays what it was', async (kind, code) => {
    const { id } = await endless()
    clock.pass(days(1) + minutes(1))
    // Reading is tried several times, with pauses.
    rooms.provider.fail({ kind, path: '/v1/organizations' })
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'active', version: 1, failures: 1, error: { class: 'passing', code } })
    expect(await dueIn(id)).toBeLessThan(minutes(2))
    rooms.provider.clearFaults()
    clock.pass(minutes(6))
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect(await stateOf(id)).toMatchObject({ failures: 0, error: null })
  })

  it('is alive when it is refused for another reason than itself', async () => {
    const { id } = await endless()
    clock.pass(days(1) + minutes(1))
    rooms.provider.fail({ kind: 'forbidden', path: '/v1/organizations' })
    expect(await run()).toEqual({ ...nothing, probed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'active', failures: 0, error: null })
  })
})

describe('who fails', () => {
  it('leaves the lanes to the others: one provider hangs, the other one\'s are renewed meanwhile', { timeout: 100_000 }, async () => {
    const hanging: string[] = []
    for (let count = 0; count < REFRESH_LANES + 4; count++) hanging.push((await connected()).id)
    for (const id of hanging.slice(0, REFRESH_LANES)) await expires(id, minutes(5))
    const healthy = await seedConnections(rooms.sql, mirror, second, 60, 300)
    rooms.provider.fail({ kind: 'slow', path: '/v1/oauth/token' })
    expect(await run()).toEqual({ ...nothing, refreshed: healthy.length, failed: REFRESH_LANES })
    // All before the first of those that hang was given up.
    const [order] = await rooms.sql<{ meanwhile: boolean }>(
      `select max(updated_at) filter (where id = any($1)) < min(updated_at) filter (where id = any($2)) as meanwhile from public.integrations`, [healthy, hanging.slice(0, REFRESH_LANES)])
    expect(order).toEqual({ meanwhile: true })
    expect(redeems()).toBe(REFRESH_LANES)

    // And afterwards it gets no more than a try now and then.
    for (const id of hanging.slice(REFRESH_LANES)) await expires(id, minutes(5))
    const more = await seedConnections(rooms.sql, mirror, second, 10, 300)
    expect(await run()).toEqual({ ...nothing, refreshed: more.length })
    expect(redeems()).toBe(REFRESH_LANES)
    expect((await Promise.all(hanging.map(id => stateOf(id)))).filter(one => one.status !== 'active')).toEqual([])
  })

  it('by our own fault costs few calls, and no integration its status', { timeout: 150_000 }, async () => {
    const ids = await seedConnections(rooms.sql, mirror, second, 40, 300)
    second.fault = () => Response.json({ error: 'invalid_client' }, { status: 401 })
    for (let minute = 0; minute < 60; minute++) {
      await run()
      clock.pass(minutes(1))
    }
    // A first wave, and one try in each pause of five minutes.
    expect(second.tokenCalls.length).toBeLessThanOrEqual(ROWS_PER_LANE * REFRESH_LANES + 2 + 60 / 5 + 1)
    const states = await Promise.all(ids.map(stateOf))
    expect(new Set(states.map(one => one.status))).toEqual(new Set(['active']))
    expect(new Set(states.map(one => one.error?.class))).toEqual(new Set(['our_application', undefined]))

    second.fault = null
    for (let minute = 0; minute < 100; minute++) {
      await run()
      clock.pass(minutes(1))
    }
    expect((await Promise.all(ids.map(stateOf))).filter(one => one.error !== null || one.version === 1)).toEqual([])
    expect(second.reused()).toBe(0)
  })

  it('for good is looked at seldom, and heals when the provider relents', async () => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, second, 1, 300)
    second.fault = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'error', error: { class: 'dead_grant', code: 'invalid_grant' } })
    for (let hour = 0; hour < 11; hour++) {
      clock.pass(hours(1))
      expect(await run()).toEqual(nothing)
    }
    clock.pass(hours(26))
    expect(await run()).toEqual({ ...nothing, failed: 1 })
    expect(await dueIn(id)).toBeGreaterThan(hours(23))
    second.fault = null
    clock.pass(days(3) + minutes(1))
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
    expect(await stateOf(id)).toMatchObject({ status: 'active', error: null, failures: 0 })
    expect(second.tokenCalls).toHaveLength(3)
  })
})

describe('what is ours to mend', () => {
  it('a turn that comes late sends nothing: the lease would not outlast the call', async () => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, second, 1, 300)
    const begun = toBegun(await serviceClient().rpc('begin_refresh', { p_id: id, p_owner: 'me', p_seconds: 90, p_slot: 'main', p_seen_version: 1, p_seen_failed_at: null as unknown as string }).then(answer => answer.data), 'me', 'main')
    let left = false
    await expect(redeem(begun, openConfig, async () => {
      clock.pass(41_000)
      return () => { left = true }
    })).rejects.toBeInstanceOf(TurnMissed)
    expect([left, second.tokenCalls.length]).toEqual([true, 0])
    expect(await rooms.sql('select state from public.refresh_journal where integration_id = $1', [id])).toEqual([])
    expect(await run()).toEqual({ ...nothing, refreshed: 1 })
  })

  it('the journal forgets results after a month, and nothing that is uncertain', async () => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, second, 1, 300)
    await rooms.sql(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, state, ended_at)
      select i.id, i.organization_id, 'main', 1, 'x', s.state, now() - s.age from public.integrations i,
        (values ('stored', interval '31 days'), ('failed', interval '31 days'), ('uncertain', interval '31 days'), ('stored', interval '29 days')) as s (state, age) where i.id = $1`, [id])
    // The moved clock is not every database's.
    const [clockOfDatabase] = await rooms.sql<{ now: string }>('select now()::text as now')
    expect(await pruneJournal(new Date(clockOfDatabase?.now ?? ''))).toBe(2)
    expect(await rooms.sql('select state from public.refresh_journal where integration_id = $1 order by 1', [id])).toEqual([{ state: 'stored' }, { state: 'uncertain' }])
  })

  it('one row that can\'t be read stops nobody, and does not come first again', async () => {
    const [broken = '', ...others] = await seedConnections(rooms.sql, mirror, second, 5, 300)
    await rooms.sql(`update public.integrations set config = config - 'access_token', refresh_due_at = '2020-01-01' where id = $1`, [broken])
    expect(await run()).toEqual({ ...nothing, refreshed: others.length })
    expect(await dueIn(broken)).toBeGreaterThan(minutes(4))
    expect(await run()).toEqual(nothing)
  })

  it('a token that can\'t be opened costs no call and no status', async () => {
    const [moved = '', other = ''] = await seedConnections(rooms.sql, mirror, second, 2, 300)
    await rooms.sql(`update public.integrations set config = config || (select jsonb_build_object('refresh_token', config -> 'refresh_token') from public.integrations where id = $2) where id = $1`, [moved, other])
    expect(await run()).toEqual({ ...nothing, refreshed: 1, postponed: 1 })
    expect(second.tokenCalls).toHaveLength(1)
    expect(await stateOf(moved)).toMatchObject({ status: 'active', version: 1, error: null })
    expect(await rooms.sql('select state from public.refresh_journal where integration_id = $1', [moved])).toEqual([])
  })

  it('a key that is used up costs no call and no status', async () => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, second, 1, 300)
    await rooms.sql('update public.organization_keys set encryptions = 4294967296 where organization_id = (select organization_id from public.integrations where id = $1)', [id])
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    expect(second.tokenCalls).toEqual([])
    expect(await stateOf(id)).toMatchObject({ status: 'active', version: 1, error: null })
    expect(await dueIn(id)).toBeGreaterThan(minutes(4))
  })
})
