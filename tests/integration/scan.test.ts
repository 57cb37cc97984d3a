/** What a scan finds and keeps: results, findings through their lives, and what is left out. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { changeIntegration } from '#server/integrations/change'
import { removeIntegration } from '#server/integrations/remove'
import { changeResource } from '#server/integrations/view'
import { requestScan } from '#server/scanner/request'
import { runAssessment } from '#server/scanner/run'
import { getAssessment } from '#server/scanner/view'
import { findingsOf, production, resourceId, resourcesOf, ssl, sslCheck, sslPath, staging, sumOf } from '../support/findings.ts'
import { newGate } from '../support/gate.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
afterEach(() => rooms.provider.clearFaults())

/** Somebody who has connected, with the first assessment done. */
async function connected() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  const first = await rooms.scan(who, id)
  return { who, id, first, scan: () => rooms.scan(who, id) }
}

async function sslFinding(who: Caller, id: string, ref: string) {
  const resource = await resourceId(who, id, ref)
  return (await findingsOf(who, id)).find(finding => finding.resource_id === resource && finding.check_id === sslCheck)
}

const never = new AbortController().signal

it('has a result for every enabled check on every project, and counts them', async () => {
  const { who, id, first } = await connected()
  expect(first).toMatchObject({ status: 'completed', trigger: 'connect', error: null })
  expect(new Set(first.results.map(result => `${result.resource_id} ${result.check_id}`)).size).toBe(34)
  expect([sumOf(first), first.progress.done, first.progress.total]).toEqual([34, 34, 34])
  expect(first.counts.error).toBe(0)
  expect(first.score).toBe(Math.floor(100 * first.counts.pass / (first.counts.pass + first.counts.fail)))

  const failed = first.results.filter(result => result.verdict === 'fail').map(result => `${result.resource_id} ${result.check_id}`)
  expect((await findingsOf(who, id)).map(finding => `${finding.resource_id} ${finding.check_id}`).sort()).toEqual(failed.sort())
})

it('resolves a finding that passes, opens it anew when it fails again, and leaves it alone on an error', async () => {
  const { who, id, scan } = await connected()
  expect(await sslFinding(who, id, production)).toBeUndefined()

  rooms.provider.fail({ kind: ssl(false), path: sslPath(production) })
  await scan()
  const opened = await sslFinding(who, id, production)
  expect(opened).toMatchObject({ status: 'open', resolved_at: null, resolution: null, stale: false, severity: 'high' })

  await scan()
  const seenAgain = await sslFinding(who, id, production)
  expect(seenAgain).toMatchObject({ id: opened?.id, status: 'open', first_seen_at: opened?.first_seen_at })
  expect(Date.parse(seenAgain?.last_seen_at ?? '')).toBeGreaterThan(Date.parse(opened?.last_seen_at ?? ''))

  rooms.provider.fail({ kind: 'forbidden', path: sslPath(production) })
  const unsure = await scan()
  expect(unsure.results.find(result => result.check_id === sslCheck && result.verdict === 'error')?.evidence)
    .toMatchObject({ reason: 'forbidden', missing_permission: 'database:read' })
  expect(await sslFinding(who, id, production)).toEqual(seenAgain)

  rooms.provider.fail({ kind: ssl(true), path: sslPath(production) })
  await scan()
  const resolved = await sslFinding(who, id, production)
  expect(resolved).toMatchObject({ id: opened?.id, status: 'resolved', resolution: 'fixed', first_seen_at: opened?.first_seen_at })
  expect(resolved?.resolved_at).not.toBeNull()

  rooms.provider.fail({ kind: 'server_error', path: sslPath(production) })
  await scan()
  expect(await sslFinding(who, id, production)).toEqual(resolved)

  rooms.provider.fail({ kind: ssl(false), path: sslPath(production) })
  await scan()
  const reopened = await sslFinding(who, id, production)
  expect(reopened).toMatchObject({ id: opened?.id, status: 'open', resolved_at: null, resolution: null })
  expect(Date.parse(reopened?.first_seen_at ?? '')).toBeGreaterThan(Date.parse(resolved?.resolved_at ?? ''))
})

it('asks nothing of a project that is switched off, and says that its findings are stale', async () => {
  const { who, id, scan } = await connected()
  await changeResource(who, id, await resourceId(who, id, staging), false, from)
  rooms.provider.calls.splice(0)
  const after = await scan()
  expect(after.results).toHaveLength(17)
  expect(rooms.provider.count({ path: new RegExp(`/${staging}/`) })).toBe(0)
  expect(await sslFinding(who, id, staging)).toMatchObject({ status: 'open', stale: true })

  await changeResource(who, id, await resourceId(who, id, staging), true, from)
  expect((await scan()).results).toHaveLength(34)
  expect(await sslFinding(who, id, staging)).toMatchObject({ status: 'open', stale: false })
})

it('asks nothing for a check that is switched off', async () => {
  const { who, id, scan } = await connected()
  await changeIntegration(who, id, { enabled_checks: ['rls', sslCheck] }, from)
  rooms.provider.calls.splice(0)
  const after = await scan()
  expect(new Set(after.results.map(result => result.category))).toEqual(new Set(['rls', 'network']))
  expect(rooms.provider.count({ path: /config\/auth/ })).toBe(0)

  await changeIntegration(who, id, { enabled_checks: [] }, from)
  expect(await scan()).toMatchObject({ status: 'completed', results: [], score: null, progress: { done: 0, total: 0 } })
})

it('resolves the findings of a project that the provider no longer lists as gone, and opens them anew when it comes back', async () => {
  const { who, id, scan } = await connected()
  const before = await sslFinding(who, id, staging)
  rooms.provider.fail({ kind: async (_request, pass) => {
    const all: { ref: string }[] = await (await pass()).json()
    return Response.json(all.filter(project => project.ref !== staging))
  }, path: /^\/v1\/projects$/ })
  expect((await scan()).results).toHaveLength(17)
  const gone = (await resourcesOf(who, id)).find(resource => resource.external_id === staging)
  expect(gone?.missing_since).toMatch(/^\d{4}-/)
  expect(await sslFinding(who, id, staging)).toMatchObject({ id: before?.id, status: 'resolved', resolution: 'gone', resolved_at: gone?.missing_since, first_seen_at: before?.first_seen_at, stale: false })
  expect((await findingsOf(who, id)).filter(finding => finding.resource_id === gone?.id && finding.status === 'open')).toEqual([])

  rooms.provider.clearFaults()
  expect((await scan()).results).toHaveLength(34)
  expect((await resourcesOf(who, id)).find(resource => resource.external_id === staging)).toMatchObject({ id: gone?.id, missing_since: null })
  const back = await sslFinding(who, id, staging)
  expect(back).toMatchObject({ id: before?.id, status: 'open', resolution: null, resolved_at: null, stale: false })
  expect(Date.parse(back?.first_seen_at ?? '')).toBeGreaterThan(Date.parse(gone?.missing_since ?? ''))
})

it('waits as long as a 429 asks, and then goes on', async () => {
  const { scan } = await connected()
  rooms.provider.fail({ kind: 'rate_limited', path: sslPath(production), times: 1, retryAfterSeconds: 1 })
  rooms.provider.calls.splice(0)
  expect((await scan()).counts.error).toBe(0)
  expect(rooms.provider.count({ path: sslPath(production) })).toBe(2)
})

it('refuses a second scan while one is open, naming it', async () => {
  const { who, id } = await connected()
  const open = await requestScan(who, id, from)
  await expect(requestScan(who, id, from)).rejects.toMatchObject({ code: 'scan_in_progress', options: { extra: { assessment_id: open } } })
  await rooms.scan(who, id)
  expect(await requestScan(who, id, from)).not.toBe(open)
})

it('lets one worker run an assessment, however many try', async () => {
  const { who, id } = await connected()
  const assessment = await requestScan(who, id, from)
  rooms.provider.calls.splice(0)
  await Promise.all(Array.from({ length: 5 }, () => runAssessment(assessment, never)))
  expect(await getAssessment(who, assessment)).toMatchObject({ status: 'completed' })
  expect(rooms.provider.count({ path: '/v1/projects' })).toBe(1)
})

it('takes the result of the worker that took over, not of the one that was silent too long', async () => {
  const { who, id } = await connected()
  const gate = newGate()
  // At its first call, before it has progress to report, which would renew its lease.
  rooms.provider.fail({ kind: gate.respond, path: '/v1/projects', times: 1 })
  const assessment = await requestScan(who, id, from)
  const silent = runAssessment(assessment, never)
  await until(() => gate.waiting() === 1, { what: 'the first worker to be held up' })

  await rooms.sql('update public.assessments set lease_until = now() - interval \'1 second\' where id = $1', [assessment])
  await runAssessment(assessment, never)
  const done = await getAssessment(who, assessment)
  expect(done).toMatchObject({ status: 'completed', progress: { done: 34, total: 34 } })
  gate.open()
  await silent
  expect(await getAssessment(who, assessment)).toEqual(done)
})

it('stores nothing of an integration that is removed while it is scanned', async () => {
  const { who, id } = await connected()
  const gate = newGate()
  rooms.provider.fail({ kind: gate.respond, path: sslPath(production) })
  const assessment = await requestScan(who, id, from)
  const running = runAssessment(assessment, never)
  await until(() => gate.waiting() === 1, { what: 'the scan to be under way' })
  await removeIntegration(who, id, from)
  gate.open()
  await running
  await expect(getAssessment(who, assessment)).rejects.toMatchObject({ code: 'not_found' })
  for (const table of ['assessments', 'assessment_results', 'findings', 'integration_resources']) {
    expect(await rooms.sql(`select 1 from public.${table} where organization_id = $1`, [who.organizationId]), table).toEqual([])
  }
})

it('goes back to the queue with nothing stored when its worker is told to stop', async () => {
  const { who, id } = await connected()
  const gate = newGate()
  rooms.provider.fail({ kind: gate.respond, path: sslPath(production) })
  const assessment = await requestScan(who, id, from)
  const shutdown = new AbortController()
  const running = runAssessment(assessment, shutdown.signal)
  await until(() => gate.waiting() === 1, { what: 'the scan to be under way' })
  shutdown.abort()
  await running
  expect(await getAssessment(who, assessment)).toMatchObject({ status: 'queued', results: [], finished_at: null })
  gate.open()
  rooms.provider.clearFaults()
  expect(await rooms.scan(who, id)).toMatchObject({ id: assessment, status: 'completed', progress: { done: 34, total: 34 } })
})
