/** A working installation that is killed and started again, and what must have survived. */
import { expect } from 'vitest'
import { assessed, assessmentsOf, connectedId, firstAssessment, requestScan } from '../../support/assessments.ts'
import { expectStatus, type ApiClient } from '../../support/client.ts'
import { startFlow } from '../../support/flow.ts'
import type { Stack } from '../../support/stack.ts'

export interface Tenant { client: ApiClient, id: string }

export async function newTenant(stack: Stack): Promise<Tenant> {
  const client = await stack.person()
  const id = connectedId(await client.connect())
  await firstAssessment(client, id)
  return { client, id }
}

/** A call whose answer the end of the server may cut off. */
const cutOff = (call: Promise<unknown>) => call.catch(() => undefined)

/**
 * One scan under way and one just queued, one person connecting and one removing, all at once, and the end after `delayMs`.
 * @returns the ids of the assessments that were promised
 */
export async function killAmidWork(stack: Stack, delayMs: number, who: { scanning: Tenant, queued: Tenant, removing: Tenant, connecting: ApiClient }): Promise<{ running: string, waiting: string }> {
  const { scanning, queued, removing, connecting } = who
  const callback = await (await startFlow(connecting)).answer('approve')
  const running = await requestScan(scanning.client, scanning.id)
  const unanswered = [cutOff(connecting.get(callback)), cutOff(removing.client.delete(`/api/integrations/${removing.id}`))]
  await new Promise(resolve => setTimeout(resolve, delayMs))
  const waiting = await requestScan(queued.client, queued.id)
  await stack.app.kill('SIGKILL')
  await Promise.all(unanswered)
  await stack.app.restart()
  return { running, waiting }
}

/** Whole, or gone without a trace; gone for good when asked for again. */
export async function expectRemovable({ client, id }: Tenant): Promise<void> {
  const now = await client.get(`/api/integrations/${id}`)
  expect([200, 404]).toContain(now.status)
  if (now.status === 200) expectStatus(await client.delete(`/api/integrations/${id}`), 204)
  expect(await assessmentsOf(client, id)).toEqual([])
}

/** Nothing, or an integration with its assessment; connecting again leads to one either way. */
export async function expectConnectable(client: ApiClient): Promise<void> {
  const list = async () => expectStatus(await client.get<{ data: { id: string }[] }>('/api/integrations'), 200).data
  const before = await list()
  expect(before.length).toBeLessThan(2)
  for (const { id } of before) expect(await assessmentsOf(client, id)).toHaveLength(1)
  const id = connectedId(await client.connect())
  expect((await list()).map(one => one.id)).toEqual([id])
  if (before[0]) expect(id).toBe(before[0].id)
}

/** The very assessment that was promised, whole, within two minutes. */
export async function expectCompleted({ client, id }: Tenant, promised: string, moments: string): Promise<void> {
  expectStatus(await client.get(`/api/integrations/${id}`), 200)
  const assessment = await assessed(client, promised, { timeoutMs: 120_000, intervalMs: 250 })
  expect(assessment, moments).toMatchObject({ status: 'completed', error: null, counts: { error: 0 }, progress: { done: 34, total: 34 } })
}
