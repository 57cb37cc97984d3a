/** A scan of an account with thousands of repositories, whose process is killed in the middle of it, and another one goes on. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openAssessment, repositoryPath, seedForge, startForge, type Forge } from '../support/forge.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRoomsProcess, type RoomsProcess } from '../support/rooms-process.ts'
import { until } from '../support/until.ts'
import { getAssessment } from '#server/scanner/view'

const REPOSITORIES = 5_000
/** Resources that a worker has begun and not stored, at most. */
const PORTION = 50

let rooms: Rooms
let forge: Forge
let processes: RoomsProcess[]
beforeAll(async () => {
  rooms = await openRooms()
  forge = await startForge(REPOSITORIES)
  const env = { ...rooms.env, ...forge.env }
  processes = await Promise.all([startRoomsProcess(env), startRoomsProcess(env)])
})
afterAll(async () => {
  for (const one of processes ?? []) await one.kill()
  await forge?.close()
  await rooms?.close()
})

it('goes on in another process where the one that was killed had stored, with no gap and nothing twice', async () => {
  const [victim, successor] = processes
  if (!victim || !successor) throw new Error('Two processes were started')
  const who = await rooms.person()
  const integration = await seedForge(rooms.sql, forge, who.organizationId)
  const assessment = await openAssessment(rooms.sql, integration)

  const told = victim.tell({ do: 'scan', assessment }).then(() => 'ended', String)
  await until(() => forge.total() > REPOSITORIES, { timeoutMs: 50_000, intervalMs: 5, what: 'half of the calls' })
  await victim.kill()
  expect(await told).toContain('The process ended')

  // Half of it is there, and nobody sees it: not by the API, not straight through the data API.
  const count = async () => (await rooms.sql<{ n: number }>('select count(*)::int as n from public.assessment_results where assessment_id = $1', [assessment]))[0]?.n ?? 0
  const half = await count()
  expect(half).toBeGreaterThan(REPOSITORIES / 2)
  expect(half).toBeLessThan(2 * REPOSITORIES)
  expect(await getAssessment(who, assessment)).toMatchObject({ status: 'running', results: [], score: null, counts: { pass: 0 } })
  expect((await who.client.from('assessment_results').select('check_id').throwOnError()).data).toEqual([])

  await rooms.sql(`update public.assessments set lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [assessment])
  await successor.tell({ do: 'scan', assessment })
  expect(await rooms.sql('select status, counts, score, progress_done, progress_total from public.assessments where id = $1', [assessment]))
    .toEqual([{ status: 'completed', counts: { pass: 7_500, fail: 2_500, error: 0, not_applicable: 0 }, score: 75, progress_done: 10_000, progress_total: 10_000 }])
  const each = await rooms.sql<{ checks: number, repositories: number }>(`select checks, count(*)::int as repositories from (
      select r.external_id, count(a.check_id)::int as checks from public.integration_resources r
        left join public.assessment_results a on a.resource_id = r.id and a.assessment_id = $2
        where r.integration_id = $1 group by r.external_id) x group by checks`, [integration, assessment])
  expect(each).toEqual([{ checks: 2, repositories: REPOSITORIES }])

  const asked = Array.from({ length: REPOSITORIES }, (_, n) => [repositoryPath(n), `${repositoryPath(n)}/keys?per_page=100`]).flat().map(path => forge.calls.get(path) ?? 0)
  expect(asked.filter(times => times === 0)).toEqual([])
  expect(asked.filter(times => times > 1).length).toBeLessThanOrEqual(2 * PORTION)
  // The list was whole: it is not made again.
  expect([...forge.calls].filter(([path, times]) => path.startsWith('/user/repos') && times > 1)).toEqual([])
  expect(forge.strange).toEqual([])
  // One entry for each time that the credential was handed out.
  expect(await rooms.sql(`select 1 from public.audit_log where organization_id = $1 and action = 'credential.used'`, [who.organizationId])).toHaveLength(2)
})
