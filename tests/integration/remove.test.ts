/** Removing: the grant ends at the provider first, everything goes, one line of the log stays. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { signInAs } from '../support/account.ts'
import { assessed, connectedId, firstAssessment, requestScan, type List } from '../support/assessments.ts'
import { expectStatus, type ApiClient } from '../support/client.ts'
import type { Fault } from '../support/faults.ts'
import { production, sslPath } from '../support/findings.ts'
import { newGate } from '../support/gate.ts'
import { newColleague } from '../support/company.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
beforeAll(async () => { stack = await startStack() })
afterAll(() => stack?.close())
beforeEach(() => { stack.provider.calls.splice(0) })
afterEach(() => stack.provider.clearFaults())

const revocation = '/v1/oauth/revoke'
const byHand = 'https://supabase.com/dashboard/org/_/apps'

/** Somebody connected, with results and findings. */
async function connected() {
  const client = await stack.person()
  signInAs(stack.provider)
  const id = connectedId(await client.connect())
  const assessment = await firstAssessment(client, id)
  stack.provider.calls.splice(0)
  return { client, id, assessment }
}

async function lists(client: ApiClient): Promise<Record<string, number>> {
  const count = async (name: string) => [name, expectStatus(await client.get<List<unknown>>(`/api/${name}?limit=200`), 200).data.length] as const
  return Object.fromEntries(await Promise.all(['integrations', 'assessments', 'findings'].map(count)))
}

async function removals(client: ApiClient, id: string): Promise<{ action: string, target: unknown, detail: Record<string, unknown> }[]> {
  const { data } = expectStatus(await client.get<List<{ action: string, target: unknown, detail: Record<string, unknown> }>>(`/api/audit?limit=200&integration_id=${id}`), 200)
  return data.filter(entry => entry.action === 'integration.removed')
}

it('ends the grant first, in the provider\'s own words, and then leaves nothing but a line in the log', async () => {
  const { client, id, assessment } = await connected()
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, path: revocation })
  const removing = client.delete(`/api/integrations/${id}`)
  await until(() => gate.waiting() === 1, { what: 'the revocation' })
  expect((await client.get(`/api/integrations/${id}`)).status).toBe(200)
  gate.open()
  const removed = await removing
  expect([removed.status, removed.text, removed.headers.get('x-revocation')]).toEqual([204, '', 'revoked'])

  const [call, ...others] = stack.provider.calls.filter(one => one.path === revocation)
  expect(others).toEqual([])
  expect(call?.headers.get('content-type')).toBe('application/json')
  expect(call?.headers.get('authorization')).toBeNull()
  const body = JSON.parse(call?.body ?? '')
  const { clientId, clientSecret } = stack.provider
  expect(body).toEqual({ client_id: clientId, client_secret: clientSecret, refresh_token: expect.stringMatching(/^sbr_sandbox_/) })

  for (const path of [`integrations/${id}`, `assessments/${assessment.id}`, `integrations/${id}/resources`]) {
    expect((await client.get(`/api/${path}`)).status, path).toBe(404)
  }
  expect(await lists(client)).toEqual({ integrations: 0, assessments: 0, findings: 0 })
  expect(await removals(client, id)).toMatchObject([{ target: { type: 'integration', id }, detail: { integration_type: 'supabase', revocation: 'revoked' } }])
})

it('leaves a receipt, a file whose lines can be counted', async () => {
  const { client, id } = await connected()
  const address = (await client.delete(`/api/integrations/${id}`)).headers.get('x-receipt') ?? ''
  expect(address).toMatch(/^\/api\/receipts\/[0-9a-f-]{36}$/)
  const answer = await client.get<{ id: string, integration: { id: string } }>(address)
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')]).toEqual([200, 'application/json', 'no-store'])
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="disconnect-receipt-[a-z0-9-]+-\d{4}-\d\d-\d\d\.json"$/)
  expect(answer.text).toBe(`${JSON.stringify(answer.body, null, 2)}\n`)
  expect(answer.body).toMatchObject({ id: address.split('/').at(-1), integration: { id } })
  const { data } = expectStatus(await client.get<List<{ id: string }>>('/api/receipts'), 200)
  expect(data.map(one => one.id)).toEqual([answer.body.id])
  expect(await removals(client, id)).toMatchObject([{ detail: { receipt: answer.body.id } }])
})

it('ends all access at the provider', async () => {
  const { client, id } = await connected()
  await assessed(client, await requestScan(client, id))
  const tokens = [...new Set(stack.provider.calls.flatMap(call => /^Bearer (.+)$/.exec(call.headers.get('authorization') ?? '')?.[1] ?? []))]
  expect(tokens).toHaveLength(1)
  const ask = () => fetch(`${stack.provider.url}/v1/projects`, { headers: { authorization: `Bearer ${tokens[0]}` } }).then(answer => answer.status)
  expect(await ask()).toBe(200)
  expectStatus(await client.delete(`/api/integrations/${id}`), 204)
  expect(await ask()).toBe(401)
})

it.each<[string, Omit<Fault, 'path'>, string]>([
  ['answers 500', { kind: 'server_error' }, `failed; url="${byHand}"`],
  ['is down', { kind: 'reset' }, `failed; url="${byHand}"`],
  ['refuses us', { kind: 'unauthorized' }, `failed; url="${byHand}"`],
  ['redirects', { kind: 'redirect' }, `failed; url="${byHand}"`],
  ['answers hugely', { kind: 'huge' }, `failed; url="${byHand}"`],
  ['says 200 and no', { kind: () => Response.json({ error: 'temporarily_unavailable' }) }, `failed; url="${byHand}"`],
  ['knows no such grant', { kind: () => Response.json({ message: 'There is no such authorization' }, { status: 404 }) }, 'already_gone'],
  ['says 200 with a page', { kind: 'html' }, 'revoked'],
])('removes all the same when the provider %s, and says so', async (_what, fault, header) => {
  const { client, id } = await connected()
  stack.provider.fail({ ...fault, path: revocation })
  const removed = await client.delete(`/api/integrations/${id}`)
  expect([removed.status, removed.headers.get('x-revocation')]).toEqual([204, header])
  expect(await lists(client)).toEqual({ integrations: 0, assessments: 0, findings: 0 })
  expect(await removals(client, id)).toMatchObject([{ detail: { revocation: header.split(';')[0] } }])
})

it('does not wait for a provider that never answers', { timeout: 40_000 }, async () => {
  const { client, id } = await connected()
  stack.provider.fail({ kind: 'slow', path: revocation })
  const removed = await client.delete(`/api/integrations/${id}`)
  expect([removed.status, removed.headers.get('x-revocation')]).toEqual([204, `failed; url="${byHand}"`])
  expect(await lists(client)).toEqual({ integrations: 0, assessments: 0, findings: 0 })
})

it('removes once, whoever asks at the same time', async () => {
  const { client, id } = await connected()
  const answers = await Promise.all(Array.from({ length: 4 }, () => client.tab().delete(`/api/integrations/${id}`)))
  expect(answers.map(answer => answer.status).sort()).toEqual([204, 404, 404, 404])
  expect(answers.find(answer => answer.status === 204)?.headers.get('x-revocation')).toMatch(/^(?:revoked|already_gone)$/)
  expect(await removals(client, id)).toHaveLength(1)
})

it('ends a scan that is under way, which stores nothing', async () => {
  const { client, id } = await connected()
  const gate = newGate()
  stack.provider.fail({ kind: gate.respond, path: sslPath(production) })
  await requestScan(client, id)
  await until(() => gate.waiting() === 1, { what: 'the scan to be under way' })
  expectStatus(await client.delete(`/api/integrations/${id}`), 204)
  gate.open()
  // The worker is free again when the next one's scan ends; nothing came back meanwhile.
  const next = await connected()
  expect(next.assessment.status).toBe('completed')
  expect(await lists(client)).toEqual({ integrations: 0, assessments: 0, findings: 0 })
})

it('is for owners and admins of that organization, and asks the provider nothing for others', async () => {
  const { client, id } = await connected()
  const { client: member } = await newColleague(stack, client, 'member')
  const stranger = await stack.person()
  expect((await member.delete(`/api/integrations/${id}`)).body).toMatchObject({ status: 403, code: 'forbidden' })
  expect((await stranger.delete(`/api/integrations/${id}`)).body).toMatchObject({ status: 404, code: 'not_found' })
  expect(stack.provider.count({ path: revocation })).toBe(0)
  expect((await client.get(`/api/integrations/${id}`)).status).toBe(200)
})

it('leaves the access while somebody else has that account, and says why and where it could be ended', async () => {
  const { client, id } = await connected()
  const other = await stack.person()
  await other.connect()
  const removed = await client.delete(`/api/integrations/${id}`)
  expect([removed.status, removed.headers.get('x-revocation')]).toEqual([204, `not_supported; reason="shared_installation"; url="${byHand}"`])
  expect(stack.provider.count({ path: revocation })).toBe(0)
  expect(await removals(client, id)).toMatchObject([{ detail: { revocation: 'not_supported' } }])
})

it('lets the same account be connected anew, as another integration', async () => {
  const { client, id } = await connected()
  expectStatus(await client.delete(`/api/integrations/${id}`), 204)
  const again = connectedId(await client.connect())
  expect(again).not.toBe(id)
  expect(await firstAssessment(client, again)).toMatchObject({ status: 'completed', counts: { error: 0 } })
})
