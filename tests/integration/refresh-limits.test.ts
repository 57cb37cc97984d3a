/** A look at a connection for which the provider takes no calls at the moment: nobody's fault, and nobody is told of one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { markUnverified } from '#server/integrations/verification'
import { getIntegration } from '#server/integrations/view'
import { connectBlindly, install, seedConnections } from '../support/connections.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  provider.readFault = null
  // Another app, which nobody has told to wait.
  install(mirror, provider)
})

const nothing: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
const run = () => refreshDue(new AbortController().signal)
const tellToWait = (seconds: number) => {
  provider.readFault = () => Response.json({ message: 'Too many requests' }, { status: 429, headers: { 'retry-after': String(seconds) } })
  provider.reads.splice(0)
}
/** Due for a look, its token not for a renewal. */
const due = (ids: string[], endsIn = '3 days') => rooms.sql(`update public.integrations
  set refresh_due_at = now() - interval '1 minute', config = jsonb_set(config, '{expires_at}', to_jsonb(now() + $2::interval)) where id = any($1)`, [ids, endsIn])
const stateOf = async (id: string) => (await rooms.sql<{ status: string, health: string, error: object | null, failures: number, wait: number }>(
  `select status, health_state as health, last_error as error, refresh_failures as failures, extract(epoch from refresh_due_at - now())::integer as wait
   from public.integrations where id = $1`, [id]))[0]
const alerts = async (id: string) => (await rooms.sql<{ alert: string }>('select alert from public.health_changes where integration_id = $1 and alert is not null order by at', [id])).map(row => row.alert)

async function connected(): Promise<{ who: Caller, id: string }> {
  const who = await rooms.person()
  return { who, id: await connectBlindly(mirror, who) }
}

describe('a look that the provider does not take', () => {
  it('is put off as long as it asks, and the connection stays what it was', async () => {
    const { who, id } = await connected()
    await due([id])
    tellToWait(1_800)
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    const { wait, ...state } = await stateOf(id) ?? { wait: 0 }
    expect(state).toEqual({ status: 'active', health: 'healthy', error: null, failures: 0 })
    expect(wait).toBeGreaterThan(1_790)
    expect(wait).toBeLessThan(1_800 * 1.3)
    expect(await alerts(id)).toEqual([])
    expect((await getIntegration(who, id)).health).toMatchObject({ state: 'healthy' })
  })

  it('is put off in the same way when our own calls have used up what there is', async () => {
    const [first, second] = [await connected(), await connected()]
    await due([first.id])
    tellToWait(1_800)
    await run()
    await due([second.id])
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    expect(provider.reads).toHaveLength(1)
    expect(await stateOf(second.id)).toMatchObject({ health: 'healthy', error: null, failures: 0 })
    expect((await stateOf(second.id))?.wait).toBeGreaterThan(1_700)
  })

  it('does not put off the renewal of the token', async () => {
    const { id } = await connected()
    await due([id], '40 minutes')
    tellToWait(80_000)
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    expect((await stateOf(id))?.wait).toBeLessThanOrEqual(30 * 60)
    expect((await stateOf(id))?.wait).toBeGreaterThan(29 * 60)
  })

  it('leaves what was wrong before as it was, and its failures counted', async () => {
    const { id } = await connected()
    await rooms.sql(`update public.integrations set refresh_failures = 3, last_error = '{"class": "passing", "code": "timeout", "call": "api", "message": "x", "at": "2030-01-01T00:00:00Z"}' where id = $1`, [id])
    await due([id])
    tellToWait(1_800)
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    expect(await stateOf(id)).toMatchObject({ health: 'degraded', error: { code: 'timeout' }, failures: 3 })
  })

  it('says nothing of the provider: others\' tokens are renewed as before', async () => {
    const looks = await seedConnections(rooms.sql, mirror, provider, 5, 300)
    await due(looks)
    tellToWait(1_800)
    expect(await run()).toEqual({ ...nothing, postponed: 5 })
    await seedConnections(rooms.sql, mirror, provider, 20, 300)
    expect(await run()).toEqual({ ...nothing, refreshed: 20 })
  })

  it('shows when it is never taken: nothing has verified the connection', async () => {
    const { who, id } = await connected()
    const lastSuccess = (age: string) => rooms.sql(`update public.integrations set last_success_at = now() - $2::interval where id = $1`, [id, age])
    tellToWait(1_800)
    for (const age of ['24 hours', '35 hours']) {
      await lastSuccess(age)
      await due([id])
      expect(await run()).toEqual({ ...nothing, postponed: 1 })
      await markUnverified(3_600)
      expect((await getIntegration(who, id)).health).toMatchObject({ state: 'healthy' })
    }
    await lastSuccess('37 hours')
    await due([id])
    expect(await run()).toEqual({ ...nothing, postponed: 1 })
    await markUnverified(3_600)
    expect((await getIntegration(who, id)).health).toMatchObject({ state: 'unknown', reason: 'not_verified', next_action: 'scan' })
    expect(await alerts(id)).toEqual(['unknown'])
  })
})
