/**
 * Exactly one redeem: two processes on one PostgreSQL, fifty uses of an expired credential in each at once, and a provider for
 * which a second use of a refresh token is theft. `BENCH_FULL=1 npm run bench -- refresh-rounds` runs a thousand rounds.
 */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { install, seedConnections } from '../support/connections.ts'
import { runRounds } from '../support/refresh-rounds.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRoomsProcess, type RoomsProcess } from '../support/rooms-process.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'

const ROUNDS = 20

describe.skipIf(inject('databaseMode') === 'embedded')('a hundred uses in two processes', () => {
  let rooms: Rooms
  let provider: RotatingProvider
  let processes: RoomsProcess[] = []
  let id: string
  beforeAll(async () => {
    rooms = await openRooms()
    provider = await startRotatingProvider()
    const env = { ...rooms.env, ...install(mirror, provider) }
    processes = await Promise.all([startRoomsProcess(env), startRoomsProcess(env)])
    id = (await seedConnections(rooms.sql, mirror, provider, 1, 300))[0] ?? ''
  })
  afterAll(async () => {
    for (const one of processes) await one.kill()
    useConnectors(null)
    await provider?.close()
    await rooms?.close()
  })

  it.each([
    ['at once', 0, ROUNDS], ['in 2 seconds', 2_000, 2], ['in 15 seconds', 15_000, 1],
  ])('redeem once in each round when the provider answers %s', { timeout: 150_000 }, async (_, latencyMs, rounds) => {
    provider.latencyMs = latencyMs
    expect(await runRounds(rooms, provider, processes, id, rounds)).toEqual({ rounds, faults: [], reused: 0 })
  })
})
