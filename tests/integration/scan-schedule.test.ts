/** `scan:due`: what the clock starts, with a clock that the test moves. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { changeIntegration } from '#server/integrations/change'
import { getIntegration } from '#server/integrations/view'
import { scanDue } from '#server/scanner/due'
import { listAssessments } from '#server/scanner/view'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())

const DAY = 24 * 3600 * 1000

/** Connected and scanned once: due at six in the morning, and nothing open. */
async function idle() {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  return { who, id, due: new Date((await getIntegration(who, id)).next_check_at ?? '') }
}

async function scheduled(who: Caller, id: string) {
  const { data } = await listAssessments(who, { limit: 200, integration_id: id })
  return data.filter(assessment => assessment.trigger === 'schedule')
}

const jobsOf = (assessmentId: string) =>
  rooms.sql('select data::text as data from pgboss.job where name = \'scan.run\' and data ->> \'assessment_id\' = $1', [assessmentId])

it('claims what is due once, though asked many times at once, and queues one job that names nothing but the assessment', async () => {
  const { who, id, due } = await idle()
  await Promise.all(Array.from({ length: 6 }, () => scanDue(due)))
  await scanDue(due)
  const [only, ...others] = await scheduled(who, id)
  expect(others).toEqual([])
  expect(only).toMatchObject({ status: 'queued' })
  const jobs = await jobsOf(only?.id ?? '')
  expect(jobs.map(job => JSON.parse(String(job.data)))).toEqual([{ assessment_id: only?.id }])
  expect(Date.parse((await getIntegration(who, id)).next_check_at ?? '')).toBe(due.getTime() + DAY)
  expect(await rooms.scan(who, id)).toMatchObject({ id: only?.id, status: 'completed' })
})

it('claims nothing that another scheduler has claimed meanwhile, even if that scan is over already', async () => {
  const { who, id, due } = await idle()
  const seen = (await serviceClient().from('integrations').select('next_check_at').eq('id', id).single().throwOnError()).data.next_check_at
  await scanDue(due)
  await rooms.scan(who, id)
  const late = await serviceClient().rpc('claim_due_integrations', { p_items: [{ id, seen, next: new Date(due.getTime() + 5 * DAY).toISOString() }] }).throwOnError()
  expect(late.data).toEqual([])
  expect(await scheduled(who, id)).toHaveLength(1)
  expect(Date.parse((await getIntegration(who, id)).next_check_at ?? '')).toBe(due.getTime() + DAY)
})

it('claims nothing a second before it is due', async () => {
  const { who, id, due } = await idle()
  await scanDue(new Date(due.getTime() - 1000))
  expect(await scheduled(who, id)).toEqual([])
})

it('does not make up for runs that were missed', async () => {
  const { who, id, due } = await idle()
  await scanDue(new Date(due.getTime() + 10 * DAY + 60_000))
  expect(await scheduled(who, id)).toHaveLength(1)
  expect(Date.parse((await getIntegration(who, id)).next_check_at ?? '')).toBe(due.getTime() + 11 * DAY)
})

it('moves on, and queues no second one, while an assessment is open', async () => {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  const due = new Date((await getIntegration(who, id)).next_check_at ?? '')
  await scanDue(due)
  expect(await scheduled(who, id)).toEqual([])
  expect(Date.parse((await getIntegration(who, id)).next_check_at ?? '')).toBe(due.getTime() + DAY)
})

it('leaves alone what is paused, and counts from the end of the pause', async () => {
  const { who, id, due } = await idle()
  await changeIntegration(who, id, { status: 'paused' }, from)
  await scanDue(new Date(due.getTime() + 3 * DAY))
  expect(await scheduled(who, id)).toEqual([])
  expect(await getIntegration(who, id)).toMatchObject({ status: 'paused', health: { reason: 'paused' } })

  await rooms.sql('update public.integrations set next_check_at = now() - interval \'3 days\' where id = $1', [id])
  const { next_check_at: next } = await changeIntegration(who, id, { status: 'active' }, from)
  expect(Date.parse(next ?? '')).toBeGreaterThan(Date.now())
})

it('leaves alone what lost its credential', async () => {
  const { who, id, due } = await idle()
  await rooms.sql('update public.integrations set status = \'error\' where id = $1', [id])
  await scanDue(due)
  expect(await scheduled(who, id)).toEqual([])
})

it('does not stop at a schedule that nobody can read', async () => {
  const [broken, fine] = [await idle(), await idle()]
  await rooms.sql('update public.integrations set scan_schedule = \'every morning\' where id = $1', [broken.id])
  await scanDue(fine.due)
  expect(await scheduled(fine.who, fine.id)).toHaveLength(1)
  expect(Date.parse((await getIntegration(broken.who, broken.id)).next_check_at ?? '')).toBeGreaterThan(fine.due.getTime())
})

it('queues the job anew of an assessment whose process died before it could', async () => {
  const { who, id, due } = await idle()
  await scanDue(due)
  const [only] = await scheduled(who, id)
  await rooms.sql('delete from pgboss.job where data ->> \'assessment_id\' = $1', [only?.id])
  await scanDue(due)
  expect(await jobsOf(only?.id ?? '')).toHaveLength(1)
})

it('queues the job anew of an assessment whose worker fell silent, and not before', async () => {
  const { who, id, due } = await idle()
  await scanDue(due)
  const [only] = await scheduled(who, id)
  await rooms.sql('delete from pgboss.job where data ->> \'assessment_id\' = $1', [only?.id])
  await rooms.sql('update public.assessments set status = \'running\', lease_owner = \'dead\', lease_until = now() + interval \'20 seconds\' where id = $1', [only?.id])
  await scanDue(due)
  expect(await jobsOf(only?.id ?? '')).toHaveLength(0)
  await rooms.sql('update public.assessments set lease_until = now() - interval \'1 second\' where id = $1', [only?.id])
  await scanDue(due)
  expect(await jobsOf(only?.id ?? '')).toHaveLength(1)
  expect(await rooms.scan(who, id)).toMatchObject({ id: only?.id, status: 'completed' })
})
