/** Every way in which a provider fails on the wire, and what a scan makes of it. */
import { expect } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import { assessed, requestScan, type List } from '../../support/assessments.ts'
import { expectStatus } from '../../support/client.ts'
import type { FaultKind } from '../../support/faults.ts'
import { sslCheck } from '../../support/findings.ts'
import type { Stack } from '../../support/stack.ts'
import { until } from '../../support/until.ts'
import { newTenant, type Tenant } from './kill.ts'

const reasons: [FaultKind, string][] = [
  ['html', 'not_json'], ['not_json', 'not_json'], ['huge', 'too_large'], ['reset', 'unreachable'], ['server_error', 'server_error'],
  ['redirect', 'redirected'], ['wrong_shape', 'unexpected_shape'], ['forbidden', 'forbidden'],
]
const faulty = /^\/v1\/projects\/[a-z]+\/(?:ssl-enforcement|network-restrictions|config\/auth)$/
const slow = 'supabase_backups_recent'
const checks = [sslCheck, 'supabase_network_restricted', 'supabase_auth_password_policy']

async function findings({ client, id }: Tenant): Promise<unknown[]> {
  return expectStatus(await client.get<List<unknown>>(`/api/findings?integration_id=${id}&limit=200`), 200).data
}

async function expectErrors(tenant: Tenant, reason: string, results: number): Promise<void> {
  const before = await findings(tenant)
  expect(before.length).toBeGreaterThan(0)
  const done = await assessed(tenant.client, await requestScan(tenant.client, tenant.id), { timeoutMs: 60_000 })
  expect(done, reason).toMatchObject({ status: 'completed', error: null, score: null, counts: { pass: 0, fail: 0, error: results, not_applicable: 0 } })
  for (const result of done.results) {
    expect([result.verdict, result.evidence.reason]).toEqual(['error', reason])
    expect(result.summary.length).toBeGreaterThan(20)
  }
  expect(await findings(tenant)).toEqual(before)
}

export async function expectErrorsOnly(stack: Stack): Promise<void> {
  const [tenant, patient, cutOff] = [await newTenant(stack), await newTenant(stack), await newTenant(stack)]
  const enable = async ({ client, id }: Tenant, enabled_checks: string[]) => expectStatus(await client.patch(`/api/integrations/${id}`, { enabled_checks }), 200)
  await enable(tenant, checks)
  await enable(patient, [slow])
  // Side by side with the others: it takes two time limits.
  stack.provider.fail({ kind: 'slow', path: /\/database\/backups$/ })
  const waiting = expectErrors(patient, 'timeout', 2)
  waiting.catch(() => undefined)

  for (const [kind, reason] of reasons) {
    stack.provider.fail({ kind, path: faulty })
    await expectErrors(tenant, reason, 2 * checks.length)
  }
  await waiting
  stack.provider.clearFaults()

  // Not even the list can be had: every check says so that asks the provider.
  await enable(cutOff, [...supabase.defaultChecks])
  stack.provider.fail({ kind: 'reset' })
  await expectErrors(cutOff, 'unreachable', 32)
  stack.provider.clearFaults()
  for (const { client, id } of [tenant, patient, cutOff]) {
    expect((await assessed(client, await requestScan(client, id))).counts.error).toBe(0)
  }

  // Last, because it stays: what it wants left alone for an hour is left alone, by everybody, and the scans go on then.
  stack.provider.fail({ kind: 'rate_limited', path: faulty, retryAfterSeconds: 3_600 })
  await expectPause(tenant)
  stack.provider.clearFaults()
  stack.provider.calls.splice(0)
  await enable(cutOff, checks)
  await expectPause(cutOff)
  expect(stack.provider.calls.filter(call => faulty.test(call.path))).toEqual([])
}

async function expectPause({ client, id }: Tenant): Promise<void> {
  const assessment = await requestScan(client, id)
  const paused = await until(async () => {
    const { body } = await client.get<{ status: string, paused_until: string | null, results: unknown[] }>(`/api/assessments/${assessment}`)
    return body.paused_until !== null && body
  }, { what: 'the scan to pause' })
  expect(paused).toMatchObject({ status: 'running', results: [] })
  const seconds = (Date.parse(paused.paused_until ?? '') - Date.now()) / 1000
  expect(seconds).toBeGreaterThan(3_500)
  expect(seconds).toBeLessThanOrEqual(3_600)
}
