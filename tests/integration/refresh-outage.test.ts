/** An hour in which a provider is away: nobody has to do anything afterwards, and the provider is not run over. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { refreshDue, REFRESH_LANES, ROWS_PER_LANE } from '#server/integrations/refresh-due'
import { minutes, startClock, type Clock } from '../support/clock.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { install, seedConnections } from '../support/connections.ts'
import { mirror } from '../support/test-connectors.ts'

const INTEGRATIONS = 200
const OUTAGE_MINUTES = 60
/** Who failed last may have an hour to wait, and half of that for the spread. */
const RECOVERY_MINUTES = 95
/** A first wave of all rows in hand and what follows it until the third failure; then one try in each pause of five minutes at least. */
const ATTEMPTS = ROWS_PER_LANE * REFRESH_LANES + 2 + OUTAGE_MINUTES / 5 + 1

let rooms: Rooms
let provider: RotatingProvider
let clock: Clock
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  install(mirror, provider)
  clock = startClock()
})
afterAll(async () => {
  clock?.stop()
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})

const everyMinute = async (count: number, then: () => void = () => {}) => {
  for (let minute = 0; minute < count; minute++) {
    await refreshDue(new AbortController().signal)
    then()
    clock.pass(minutes(1))
  }
}
const states = () => rooms.sql<{ status: string, version: number, ends: string, error: { class: string } | null }>(
  `select status, version::integer as version, config ->> 'expires_at' as ends, last_error as error from public.integrations`)

it('an hour without the provider ends no connection, and everything recovers without a stampede', { timeout: 180_000 }, async () => {
  await seedConnections(rooms.sql, mirror, provider, INTEGRATIONS, 300)
  const ways = [
    () => new Response('<html>503', { status: 503, headers: { 'content-type': 'text/html' } }),
    () => 'reset' as const,
    () => Response.json({ error: 'server_error' }, { status: 500 }),
    () => Response.json({ message: 'Too many requests' }, { status: 429, headers: { 'retry-after': '20' } }),
    () => new Response('<html>Sign in', { status: 200, headers: { 'content-type': 'text/html' } }),
    () => Response.json({ error: 'temporarily_unavailable' }, { status: 400 }),
  ]
  let asked = 0
  provider.fault = () => (ways[asked++ % ways.length] ?? (() => null))()
  await everyMinute(OUTAGE_MINUTES)

  const during = await states()
  expect(during).toHaveLength(INTEGRATIONS)
  expect(during.filter(one => one.status !== 'active' || (one.error && one.error.class !== 'passing') || one.version !== 1)).toEqual([])
  expect(during.every(one => Date.parse(one.ends) < Date.now())).toBe(true)
  expect(provider.tokenCalls.length).toBeGreaterThan(REFRESH_LANES)
  expect(provider.tokenCalls.length).toBeLessThanOrEqual(ATTEMPTS)

  provider.fault = null
  provider.latencyMs = 5
  provider.tokenCalls.splice(0)
  const perMinute: number[] = []
  await everyMinute(RECOVERY_MINUTES, () => perMinute.push(provider.tokenCalls.length))
  const after = await states()
  expect(after.filter(one => one.status !== 'active' || one.error !== null || one.version < 2)).toEqual([])
  // Those that never had their turn come as soon as the first try succeeds; those that failed, in their own time.
  expect(perMinute[5]).toBeGreaterThanOrEqual(INTEGRATIONS - ATTEMPTS)
  expect(provider.peak()).toBeLessThanOrEqual(REFRESH_LANES)
  expect(provider.reused()).toBe(0)
  expect(await rooms.sql(`select state from public.refresh_journal where state not in ('stored', 'failed')`)).toEqual([])
})
