/** A process that is asked to end while a provider has a refresh token in hand. */
import process from 'node:process'
import postgres from 'postgres'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { expectStatus, type ApiClient } from '../support/client.ts'
import { connectAndScan } from '../support/company.ts'
import { newGate, slowly } from '../support/gate.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let sql: postgres.Sql
let client: ApiClient
let id: string
beforeEach(async () => {
  stack = await startStack()
  sql = postgres(stack.backend.env.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
  client = await stack.person()
  id = (await connectAndScan(client)).integrationId
  await sql`update public.integrations set config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = ${id}`
})
afterEach(async () => {
  await sql?.end()
  await stack?.close()
})

const row = async () => (await sql`select version::integer as version, (select j.state from public.refresh_journal j where j.integration_id = i.id order by j.sent_at desc limit 1) as renewal from public.integrations i where id = ${id}`)[0]
/** Asks for a scan, whose credential has to be renewed first. @returns when the provider has the token in hand */
async function scanUntilSent(): Promise<{ version: number }> {
  const before = await row() as { version: number }
  const calls = stack.provider.count({ grantType: 'refresh_token' })
  expectStatus(await client.post(`/api/integrations/${id}/scan`), 202)
  await until(() => stack.provider.count({ grantType: 'refresh_token' }) > calls, { what: 'the token call' })
  return before
}
const scanIsGivenBack = () => until(async () => (await sql`select id from public.assessments where integration_id = ${id} and status = 'queued' and lease_owner is null`).length > 0, { what: 'the scan to go back to the queue' })

it('waits for the answer and stores it, long after the scan that wanted it went back to the queue', { timeout: 90_000 }, async () => {
  stack.provider.fail({ kind: slowly(22_000), grantType: 'refresh_token' })
  const { version } = await scanUntilSent()
  const ended = stack.app.kill('SIGTERM', 60_000)
  await scanIsGivenBack()
  expect(await row()).toEqual({ version, renewal: 'sent' })
  expect(await ended).toEqual({ code: 0, signal: null })
  expect(await row()).toEqual({ version: version + 1, renewal: 'stored' })
  expect(stack.app.logs().filter(line => line.level === 'error')).toEqual([])
})

it('ends at once when it is asked a second time', { timeout: 60_000 }, async () => {
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, grantType: 'refresh_token' })
  await scanUntilSent()
  const ended = stack.app.kill('SIGTERM', 60_000)
  await scanIsGivenBack()
  const asked = performance.now()
  process.kill(stack.app.pid(), 'SIGTERM')
  expect(await ended).toEqual({ code: 1, signal: null })
  expect(performance.now() - asked).toBeLessThan(5_000)
  gate.open()
  expect(await row()).toMatchObject({ renewal: 'sent' })
})
