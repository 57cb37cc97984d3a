import process from 'node:process'
import { afterAll, beforeAll, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { serviceClient } from '#server/database/clients'
import { withCredential } from '#server/integrations/credentials'
import { refreshDue, REFRESH_LANES } from '#server/integrations/refresh-due'
import { install, seedConnections } from '../support/connections'
import { runRounds } from '../support/refresh-rounds'
import { openRooms, type Rooms } from '../support/rooms'
import { startRoomsProcess } from '../support/rooms-process'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider'
import { mirror } from '../support/test-connectors'
import { byTurns, report } from './report'

/** `BENCH_FULL=1`: the numbers of the promise, some twenty minutes of them. */
const full = process.env.BENCH_FULL === '1'
const LATENCY_MS = 200
const ORGANIZATIONS = 50

let rooms: Rooms
let provider: RotatingProvider
let env: Record<string, string>
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  env = { ...rooms.env, ...install(mirror, provider) }
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})

it('withCredential against the row read that it rests on', async () => {
  const [id = ''] = await seedConnections(rooms.sql, mirror, provider, 1, 3600)
  const select = () => serviceClient().from('integrations').select('id, organization_id, integration_type, config, version, status, sandbox, last_error, refresh_failures, refresh_slot').eq('id', id).single().throwOnError()
  const use = () => withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
  const [selectMs, useMs] = await byTurns(600, select, use)
  report({
    name: 'Handing out a valid credential, audited: time against a bare select of its row by id', value: useMs / selectMs, unit: '×', target: { atMost: 1.3 },
    detail: { select_ms: selectMs, use_ms: useMs },
  })
})

it('refreshDue against the ideal of its lanes', { timeout: 900_000 }, async () => {
  const due = full ? 10_000 : 1_000
  await seedConnections(rooms.sql, mirror, provider, due, 60, { organizations: ORGANIZATIONS })
  await rooms.sql('analyze public.integrations')
  provider.latencyMs = LATENCY_MS
  provider.tokenCalls.splice(0)
  const began = performance.now()
  const done = await refreshDue(new AbortController().signal)
  const ms = performance.now() - began
  provider.latencyMs = 0
  if (done.refreshed !== due || provider.reused() > 0) throw new Error(`refreshed ${done.refreshed} of ${due}, ${provider.reused()} reused`)
  const ideal = due * LATENCY_MS / REFRESH_LANES
  report({
    name: `${due} due refreshes, a provider that takes ${LATENCY_MS} ms: rate against the ideal`, value: ideal / ms, unit: '×', target: { atLeast: 0.8 },
    detail: { organizations: ORGANIZATIONS, lanes: REFRESH_LANES, ideal_s: ideal / 1000, took_s: ms / 1000, peak: provider.peak() },
  })
})

it('exactly one redeem for a hundred uses in two processes', { timeout: 3_600_000 }, async () => {
  const processes = await Promise.all([startRoomsProcess(env), startRoomsProcess(env)])
  try {
    const [id = ''] = await seedConnections(rooms.sql, mirror, provider, 1, 3600)
    const began = performance.now()
    const { rounds, faults, reused } = await runRounds(rooms, provider, processes, id, full ? 1_000 : 50)
    if (faults.length > 0) console.error(faults.join('\n'))
    report({
      name: 'A hundred uses of an expired credential in two processes: rounds with more or less than one redeem', value: faults.length + reused, unit: 'rounds', target: { atMost: 0 },
      detail: { rounds, reused, per_round_ms: (performance.now() - began) / rounds },
    })
  }
  finally {
    for (const one of processes) await one.kill()
  }
})
