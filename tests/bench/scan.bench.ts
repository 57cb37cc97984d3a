import { readFileSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { github } from '#server/connectors/github'
import { useConnectors } from '#server/connectors/registry'
import { enqueue } from '#server/queue'
import { runAssessment } from '#server/scanner/run'
import { loadEnv } from '#server/utils/env'
import { startApp, type TestApp } from '../support/app'
import { forgeChecks, openAssessment, seedForge, startForge, type Forge } from '../support/forge'
import { openRooms, type Rooms } from '../support/rooms'
import { report } from './report'

const LATENCY_MS = 50
const CONCURRENCY = 8

let rooms: Rooms
let forge: Forge | null = null
let app: TestApp | null = null
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
afterEach(async () => {
  useConnectors(null)
  await app?.stop()
  await forge?.close()
  app = forge = null
})

/** Serves that many repositories, as the GitHub of this process. @returns an integration of them */
async function prepare(repositories: number, checks: readonly string[]): Promise<{ forge: Forge, integration: string }> {
  forge = await startForge(repositories)
  Object.assign(process.env, forge.env)
  loadEnv(['supabase', 'github'])
  const { organizationId } = await rooms.person()
  return { forge, integration: await seedForge(rooms.sql, forge, organizationId, checks) }
}

const stateOf = async (assessment: string) => (await rooms.sql<{ status: string, progress_done: number, progress_total: number }>(
  'select status, progress_done, progress_total from public.assessments where id = $1', [assessment]))[0]

it.each([[4, 300], [CONCURRENCY, 600], [16, 1_200]])('a scan with %i calls at once, against what they take', { timeout: 120_000 }, async (concurrency, repositories) => {
  useConnectors([{ ...github, ...(concurrency === CONCURRENCY ? {} : { concurrency }) }])
  const { forge, integration } = await prepare(repositories, forgeChecks)
  const assessment = await openAssessment(rooms.sql, integration)
  forge.latencyMs = LATENCY_MS
  const began = performance.now()
  await runAssessment(assessment, new AbortController().signal)
  const took = performance.now() - began
  expect(await stateOf(assessment)).toMatchObject({ status: 'completed', progress_done: 2 * repositories })
  const ideal = forge.total() * LATENCY_MS / concurrency
  report({
    name: `A scan at ${LATENCY_MS} ms a call, ${concurrency} at once: time against calls × latency ÷ concurrency`, value: took / ideal, unit: '×',
    // Only how it is delivered is promised for.
    target: { atMost: concurrency === CONCURRENCY ? 1.3 : 2 }, detail: { calls: forge.total(), ms: took, ideal_ms: ideal },
  })
})

function residentMb(app: TestApp): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${app.pid()}/status`, 'utf8'))?.[1]) / 1024
}

it('memory of the server while it scans 5,000 repositories', async () => {
  const { forge, integration } = await prepare(5_000, github.defaultChecks)
  app = await startApp({ env: { ...rooms.env, ...forge.env, LOG_LEVEL: 'warn' } })
  const idle = residentMb(app)
  const assessment = await openAssessment(rooms.sql, integration)
  await enqueue('scan.run', assessment, { assessment_id: assessment })
  const began = performance.now()
  const readings: { share: number, mb: number }[] = []
  for (;;) {
    const now = await stateOf(assessment)
    if (now?.status !== 'queued' && now?.status !== 'running') break
    if (now.progress_total > 0) readings.push({ share: now.progress_done / now.progress_total, mb: residentMb(app) })
    await delay(100)
  }
  const took = performance.now() - began
  expect(await stateOf(assessment)).toMatchObject({ status: 'completed' })
  const most = (from: number, to: number) => Math.max(...readings.filter(({ share }) => share >= from && share <= to).map(({ mb }) => mb))
  report({
    name: 'Memory of the server while it scans 5,000 repositories', value: most(0, 1), unit: 'MB', target: { atMost: 300 },
    detail: { idle_mb: idle, seconds: took / 1000, calls: forge.total(), readings: readings.length },
  })
  report({
    name: 'The same, in the last third against the second', value: most(2 / 3, 1) / most(1 / 3, 2 / 3), unit: '×', target: { atMost: 1.15 },
    detail: { first_third_mb: most(0, 1 / 3), second_third_mb: most(1 / 3, 2 / 3), last_third_mb: most(2 / 3, 1) },
  })
})
