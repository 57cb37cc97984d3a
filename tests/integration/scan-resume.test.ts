/** A scan that does not go to its end in one piece: the provider's limit, a job that may not last for ever, a list that can't be had. */
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { enqueue, work } from '#server/queue'
import { queueUnclaimed } from '#server/scanner/due'
import { runAssessment } from '#server/scanner/run'
import { getAssessment } from '#server/scanner/view'
import { loadEnv } from '#server/utils/env'
import { openAssessment, repositoryPath, seedForge, startForge, type Forge } from '../support/forge.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'

const REPOSITORIES = 250
/** The installations, the organizations, three pages of repositories; two for each repository. */
const LISTING = 5
const CALLS = LISTING + 2 * REPOSITORIES

const never = new AbortController().signal
let rooms: Rooms
let forge: Forge
let who: Caller
let integration: string
let assessment: string
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  forge = await startForge(REPOSITORIES)
  Object.assign(process.env, forge.env)
  loadEnv(['supabase', 'github'])
  who = await rooms.person()
  integration = await seedForge(rooms.sql, forge, who.organizationId)
  assessment = await openAssessment(rooms.sql, integration)
  return () => forge.close()
})

const read = () => getAssessment(who, assessment)
const pauseEnds = () => rooms.sql('update public.assessments set paused_until = clock_timestamp() where id = $1', [assessment])
const handedOut = async () => (await rooms.sql(`select 1 from public.audit_log where organization_id = $1 and action = 'credential.used'`, [who.organizationId])).length
const waiting = async () => (await rooms.sql(`select 1 from pgboss.job where name = 'scan.run' and state = 'created' and data ->> 'assessment_id' = $1`, [assessment])).length
const askedTwice = () => [...forge.calls].filter(([path, times]) => path.startsWith('/repos/') && times > 1).length
const whole = { status: 'completed', counts: { pass: 375, fail: 125, error: 0, not_applicable: 0 }, progress: { done: 500, total: 500 }, paused_until: null, notice: null }

it('pauses when the limit is used up for longer than a call waits, and goes on at its cursor', async () => {
  forge.limit = { after: 300, seconds: 1_800 }
  await runAssessment(assessment, never)
  const paused = await read()
  expect(paused).toMatchObject({ status: 'running', results: [], score: null, finished_at: null, progress: { total: 500 } })
  expect(paused.progress.done).toBeGreaterThan(250)
  expect(paused.paused_until).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
  const seconds = (Date.parse(paused.paused_until ?? '') - Date.now()) / 1000
  expect(seconds).toBeGreaterThan(1_700)
  expect(seconds).toBeLessThan(1_810)

  // No job waits for it, and nobody who tries asks anything.
  const calls = forge.total()
  await queueUnclaimed()
  expect(await waiting()).toBe(0)
  await runAssessment(assessment, never)
  expect([forge.total(), await handedOut()]).toEqual([calls, 1])

  forge.limit = null
  await pauseEnds()
  await queueUnclaimed()
  expect(await waiting()).toBe(1)
  await runAssessment(assessment, never)
  expect(await read()).toMatchObject(whole)
  // What was under way when the limit came; the calls that were refused come again as well.
  expect(askedTwice()).toBeLessThanOrEqual(16)
  expect(await handedOut()).toBe(2)
})

it('pauses in the middle of the list as well, and makes it anew', async () => {
  forge.limit = { after: LISTING - 1, seconds: 120 }
  await runAssessment(assessment, never)
  expect(await read()).toMatchObject({ status: 'running', progress: { done: 0, total: 0 } })
  forge.limit = null
  await pauseEnds()
  await runAssessment(assessment, never)
  expect(await read()).toMatchObject(whole)
})

it('pauses for a day at most in all: what is left then could not be verified, and is not asked for', async () => {
  await rooms.sql('update public.assessments set paused_seconds = 86400 - 100 where id = $1', [assessment])
  forge.limit = { after: 300, seconds: 101 }
  await runAssessment(assessment, never)
  const done = await read()
  expect(done).toMatchObject({ status: 'completed', progress: { done: 500, total: 500 }, paused_until: null })
  expect(done.counts.error).toBeGreaterThan(190)
  expect(done.results.filter(result => result.verdict === 'error').map(result => result.evidence)).toEqual(Array(done.counts.error).fill(expect.objectContaining({ reason: 'rate_limited' })))
  // Those that were under way, and no more.
  expect(forge.total()).toBeLessThanOrEqual(300 + 8)
})

it('hands itself on when it has worked for long enough, as often as it takes', async () => {
  let runs = 0
  await work('scan.run', async ({ assessment_id }, signal) => {
    if (assessment_id !== assessment) return
    runs += 1
    // Each begins one resource at least, and this many while the first is asked.
    await runAssessment(assessment_id, signal, { portion: 50, workMs: runs === 4 ? 60_000 : 0 })
  })
  await enqueue('scan.run', assessment, { assessment_id: assessment })
  const done = await until(async () => {
    const now = await read()
    return now.status === 'completed' ? now : null
  }, { what: 'the fourth job to complete it' })
  expect(done).toMatchObject(whole)
  expect([runs, forge.total(), askedTwice(), await handedOut()]).toEqual([4, CALLS, 0, 4])
})

it('keeps the resources when the list is empty all at once, asks them, and says so', async () => {
  await runAssessment(assessment, never)
  forge.hidesAll = true
  forge.calls.clear()
  assessment = await openAssessment(rooms.sql, integration)
  await runAssessment(assessment, never)
  const done = await read()
  expect(done).toMatchObject({ ...whole, notice: { code: 'nothing_listed' } })
  expect(forge.calls.get(repositoryPath(0))).toBe(1)
  expect(await rooms.sql('select 1 from public.integration_resources where integration_id = $1 and missing_since is not null', [integration])).toEqual([])
})

it('keeps repositories of which none is listed any more beside the organization that is, with their findings, and says so', async () => {
  forge.hasOrganization = true
  await runAssessment(assessment, never)
  forge.hidesAll = true
  assessment = await openAssessment(rooms.sql, integration)
  await runAssessment(assessment, never)
  expect(await read()).toMatchObject({ ...whole, notice: { code: 'kind_not_listed', message: expect.stringContaining('(repository)') as string } })
  expect(await rooms.sql('select 1 from public.integration_resources where integration_id = $1 and missing_since is not null', [integration])).toEqual([])
  expect(await rooms.sql('select distinct status, resolution from public.findings where integration_id = $1', [integration])).toEqual([{ status: 'open', resolution: null }])
})
