/** GET /api/metrics of the built app: who may collect, and what is in it. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectAndScan } from '../support/company.ts'
import { ApiClient } from '../support/client.ts'
import { startStack, type Stack } from '../support/stack.ts'

const token = randomBytes(32).toString('hex')
let stack: Stack

beforeAll(async () => { stack = await startStack({ env: { METRICS_TOKEN: token } }) })
afterAll(() => stack?.close())

const ask = (client: ApiClient, authorization?: string) => client.get('/api/metrics', { headers: authorization ? { authorization } : {} })

it('opens to the token and to nobody else', async () => {
  const owner = await stack.person()
  for (const authorization of [undefined, `Bearer ${token}x`, `Bearer ${token.slice(1)}`, `Basic ${token}`, 'Bearer ', token]) {
    const answer = await ask(owner, authorization)
    expect([answer.status, answer.headers.get('www-authenticate')], authorization).toEqual([401, 'Bearer'])
    expect(answer.text).not.toContain('scan_total')
  }
  expect((await owner.get(`/api/metrics?token=${token}`)).status).toBe(401)
  const open = await ask(new ApiClient(stack.app.url), `Bearer ${token}`)
  expect([open.status, open.headers.get('content-type'), open.headers.get('cache-control')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store'])
})

it('counts what the app does, and names nobody', async () => {
  const owner = await stack.person()
  const { integrationId } = await connectAndScan(owner)
  const { text } = await ask(new ApiClient(stack.app.url), `Bearer ${token}`)
  expect(text).toMatch(/^scan_total\{outcome="completed"\} [1-9]/m)
  expect(text).toMatch(/^outgoing_calls_total\{provider="supabase",outcome="ok"\} [1-9]/m)
  expect(text).toContain('# TYPE credential_refresh_seconds histogram')
  expect(text).not.toContain(integrationId)
  expect(text).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/)
  expect(stack.app.output()).not.toContain(token)
})
