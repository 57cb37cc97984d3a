/** The worker inside the app: what a person sees while it works, and how it stops. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { assessed, connectedId, firstAssessment, readAssessment, requestScan } from '../support/assessments.ts'
import { sslPath, production } from '../support/findings.ts'
import { newGate } from '../support/gate.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
beforeAll(async () => { stack = await startStack() })
afterAll(() => stack?.close())
afterEach(() => stack.provider.clearFaults())

async function connected() {
  const client = await stack.person()
  const id = connectedId(await client.connect())
  await firstAssessment(client, id)
  return { client, id }
}

it('shows progress while it runs, no result before the end, and refuses a second scan meanwhile', async () => {
  const { client, id } = await connected()
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, path: sslPath(production) })
  const assessment = await requestScan(client, id)
  const running = await until(async () => {
    const now = await readAssessment(client, assessment)
    return now.progress.done > 0 ? now : null
  }, { what: 'progress to show' })
  expect(running).toMatchObject({ status: 'running', results: [], score: null, finished_at: null, progress: { total: 34 } })
  expect(running.progress.done).toBeLessThan(34)

  const refused = await client.post(`/api/integrations/${id}/scan`)
  expect([refused.status, refused.body]).toMatchObject([409, { code: 'scan_in_progress', assessment_id: assessment }])
  gate.open()
  expect(await assessed(client, assessment)).toMatchObject({ status: 'completed', progress: { done: 34, total: 34 }, counts: { error: 0 } })
})

it('gives a running scan back to the queue on SIGTERM, and completes the same one after the next start', async () => {
  const { client, id } = await connected()
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, path: sslPath(production) })
  const assessment = await requestScan(client, id)
  await until(() => gate.waiting() === 1, { what: 'the scan to be under way' })

  expect(await stack.app.kill('SIGTERM')).toEqual({ code: 0, signal: null })
  expect(stack.app.output()).not.toContain('"level":"error"')
  stack.provider.clearFaults()
  gate.open()
  await stack.app.restart({ WORKER: '0' })
  expect(await readAssessment(client, assessment)).toMatchObject({ status: 'queued', results: [] })

  await stack.app.kill('SIGTERM')
  await stack.app.restart()
  expect(await assessed(client, assessment)).toMatchObject({ status: 'completed', error: null, progress: { done: 34, total: 34 } })
})

it('lets a scan end that needs a moment only, on SIGTERM', async () => {
  const { client, id } = await connected()
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, path: sslPath(production) })
  const assessment = await requestScan(client, id)
  await until(() => gate.waiting() === 1, { what: 'the scan to be under way' })
  const ended = stack.app.kill('SIGTERM')
  gate.open()
  expect(await ended).toEqual({ code: 0, signal: null })
  await stack.app.restart({ WORKER: '0' })
  expect(await readAssessment(client, assessment)).toMatchObject({ status: 'completed', error: null, progress: { done: 34, total: 34 } })
})
