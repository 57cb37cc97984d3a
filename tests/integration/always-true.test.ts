/** The eight sentences under "Always true" of the design, each on real parts. */
import { join } from 'node:path'
import { afterEach, expect, inject, it } from 'vitest'
import { withCredential } from '#server/integrations/credentials'
import { newEncryptionKey } from '../support/backend.ts'
import { startNode } from '../support/child.ts'
import { newGate, slowly } from '../support/gate.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'
import { startStack, type Stack, type StackOptions } from '../support/stack.ts'
import { ciphertext, dumpDataDir, dumpPostgres, filesBelow, findSecrets, watchTraffic } from './always-true/leaks.ts'
import { driveEverything } from './always-true/no-token.ts'
import { malformedFor, type Malformed } from './always-true/malformed.ts'
import { connectElsewhere, expectSeparate, expectSeparateAtOnce, expectSeparateData } from './always-true/apart.ts'
import { expectErrorsOnly } from './always-true/faulty.ts'
import { expectCompleted, expectConnectable, expectRemovable, killAmidWork, newTenant, type Tenant } from './always-true/kill.ts'
import { expectOneCallback } from './always-true/replay.ts'
import { expectStatus, type ApiClient, type SessionBody } from '../support/client.ts'
import { rawHttp } from '../support/raw-http.ts'
import { routesOfTree } from './routes/tree.ts'

/** What no database has a part in: once, on the one that production has. */
const onProduction = it.skipIf(inject('databaseMode') === 'embedded')

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function stackFor(options?: StackOptions): Promise<Stack> {
  const stack = await startStack(options)
  closers.push(stack.close)
  return stack
}

async function roomsFor(): Promise<Rooms> {
  const rooms = await openRooms()
  closers.push(rooms.close)
  return rooms
}

/** Somebody with an integration, scanned once. */
async function connected(rooms: Rooms) {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  return { who, id }
}

it('1. No token, encrypted or clear, in any response, log line, cookie, URL, error, job payload or audit row', { timeout: 120_000 }, async () => {
  const encryptionKey = newEncryptionKey()
  const noise = join(import.meta.dirname, '../support/noisy-library.ts')
  const stack = await stackFor({ env: { ENCRYPTION_KEY: encryptionKey, NODE_OPTIONS: `--import=${noise}` }, provider: { accessTokenLifetimeSeconds: 200 } })
  const traffic = watchTraffic(stack.app.url)
  try {
    await driveEverything(stack)
  }
  finally {
    traffic.stop()
  }
  await stack.app.kill('SIGTERM')
  const { supabase } = stack.backend
  const rows = supabase ? await dumpPostgres(supabase.databaseUrl) : await dumpDataDir(stack.app.dataDir)
  const secrets = [...stack.provider.secrets, encryptionKey, ...supabase ? [supabase.serviceRoleKey] : []]

  // What is searched is there, and so is what is searched for.
  expect(stack.provider.secrets.size).toBeGreaterThan(30)
  expect(traffic.answers.length).toBeGreaterThan(100)
  for (const table of ['public.audit_log', 'pgboss.job', 'public.findings', 'public.assessments', 'public.used_oauth_states']) {
    expect(rows.filter(row => row.table === table).length, table).toBeGreaterThan(0)
  }
  const configs = rows.filter(row => row.table === 'config')
  expect(configs.flatMap(({ row }) => row.match(ciphertext) ?? [])).toHaveLength(2 * configs.length)

  // Ciphertext has two places: the credentials, and the wrapped keys that open them.
  const seen = [...traffic.answers, stack.app.output(), ...rows.filter(row => !['config', 'public.organization_keys'].includes(row.table)).map(({ table, row }) => `${table} ${row}`)]
  expect(seen.flatMap(text => findSecrets(text, secrets))).toEqual([])
  expect(seen.flatMap(text => text.match(ciphertext) ?? [])).toEqual([])
  const wraps = rows.filter(row => row.table === 'public.organization_keys')
  expect(wraps.length).toBeGreaterThan(0)
  const kept = supabase ? [...configs, ...wraps] : [...configs, ...wraps, ...filesBelow(stack.app.dataDir)]
  expect(kept.flatMap(({ table, row }) => findSecrets(`${table} ${row}`, secrets))).toEqual([])
  // Whatever a library writes by itself went through the log, which redacts.
  const bare = stack.app.output().split('\n').filter(line => line !== '' && !line.startsWith('{') && !line.startsWith('Listening on '))
  expect(bare).toEqual([])
  expect(stack.app.output()).toContain('duplicate key value')
})

it('2. Two organizations can\'t see, change, count or guess each other\'s rows, by the API or straight through the data API', async () => {
  const stack = await stackFor()
  const [ours, theirs] = [await newTenant(stack), await newTenant(stack)]
  await expectSeparate(stack, ours, theirs)

  const rooms = await roomsFor()
  const [us, them] = [await connected(rooms), await connected(rooms)]
  await expectSeparateAtOnce(rooms, us, them)
  await expectSeparateData(rooms, us, them)
})

onProduction('3. A ciphertext copied to another row, field or organization does not decrypt', async () => {
  const rooms = await roomsFor()
  const [ours, theirs] = [await connected(rooms), await connected(rooms)]
  const second = await connectElsewhere(rooms, ours.who)
  const moves = [
    ['another row', ours.id, 'access_token', second, 'access_token'],
    ['another organization', ours.id, 'access_token', theirs.id, 'access_token'],
    ['another field', ours.id, 'access_token', ours.id, 'refresh_token'],
  ] as const
  for (const [where, id, field, fromId, fromField] of moves) {
    const [{ config } = { config: null }] = await rooms.sql('select config::text as config from public.integrations where id = $1', [id])
    await rooms.sql('update public.integrations set config = jsonb_set(config, $2::text[], (select config -> $4 from public.integrations where id = $3)) where id = $1', [id, `{${field}}`, fromId, fromField])
    rooms.provider.calls.splice(0)
    const done = await rooms.scan(ours.who, id)
    expect(done, where).toMatchObject({ status: 'failed', error: { code: 'credential_unreadable' }, results: [] })
    expect(rooms.provider.calls, where).toEqual([])
    await rooms.sql('update public.integrations set config = $2::text::jsonb where id = $1', [id, config])
    expect((await rooms.scan(ours.who, id)).counts.error, `back from ${where}`).toBe(0)
  }
})

onProduction('4. One authorization code, one state, one callback: a replay stores nothing', async () => {
  const stack = await stackFor()
  await expectOneCallback(stack)
})

it('5. A hundred concurrent uses of an expired credential cause exactly one refresh call', { timeout: 120_000 }, async () => {
  const rooms = await roomsFor()
  const { who, id } = await connected(rooms)
  const expire = () => rooms.sql('update public.integrations set config = jsonb_set(config, \'{expires_at}\', \'"2020-01-01T00:00:00Z"\') where id = $1', [id])
  const refreshes = () => rooms.provider.count({ grantType: 'refresh_token' })
  rooms.provider.fail({ kind: slowly(1_500), path: '/v1/oauth/token' })

  await expire()
  const use = { integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } } as const
  const tokens = await Promise.all(Array.from({ length: 100 }, () => withCredential(use, async secrets => secrets.accessToken)))
  expect([refreshes(), new Set(tokens).size]).toEqual([1, 1])

  // Across processes: only a database that several may use.
  if (rooms.mode === 'supabase') {
    await expire()
    const gate = newGate()
    rooms.provider.fail({ kind: gate.respond, path: '/v1/oauth/token' })
    const processes = [1, 2].map(() => startNode([join(import.meta.dirname, 'always-true/uses.ts'), id, '50'], rooms.env))
    closers.push(...processes.map(one => async () => void await one.end('SIGKILL')))
    await until(() => gate.waiting() > 0 && processes.every(one => one.output().includes('under way')), { timeoutMs: 60_000, what: 'both processes to be at it' })
    gate.open()
    await Promise.all(processes.map(one => one.exited))
    const said = processes.map(one => /tokens: (\["[^"]+"\]) of 50/.exec(one.output())?.[1] ?? one.output())
    expect(said[1]).toBe(said[0])
    expect(refreshes()).toBe(2)
  }
  rooms.provider.clearFaults()
  expect((await rooms.scan(who, id)).counts.error).toBe(0)
})

it('6. kill -9 at any moment loses no integration and no queued scan, and never leaves half an assessment shown as whole', { timeout: 240_000 }, async () => {
  const stack = await stackFor()
  const tenants: Tenant[] = []
  for (let count = 0; count < 9; count++) tenants.push(await newTenant(stack))
  const connecting = await Promise.all(Array.from({ length: 3 }, () => stack.person()))
  stack.provider.fail({ kind: slowly(120) })

  const promised: [Tenant, string][] = []
  const delays = Array.from({ length: 3 }, () => Math.round(Math.random() * 1_500))
  for (const [round, delay] of delays.entries()) {
    const [scanning, queued, removing] = tenants.slice(3 * round)
    const client = connecting[round]
    if (!scanning || !queued || !removing || !client) throw new Error('Too few tenants')
    const { running, waiting } = await killAmidWork(stack, delay, { scanning, queued, removing, connecting: client })
    promised.push([scanning, running], [queued, waiting])
  }
  stack.provider.clearFaults()
  const moments = `killed after ${delays.join(', ')} ms`
  for (const [tenant, assessment] of promised) await expectCompleted(tenant, assessment, moments)
  for (const [index, tenant] of tenants.entries()) if (index % 3 === 2) await expectRemovable(tenant)
  for (const client of connecting) await expectConnectable(client)
})

onProduction('7. A provider that answers slowly, wrongly, hugely or not at all costs one assessment a check\'s error, never a crash', { timeout: 120_000 }, async () => {
  const stack = await stackFor()
  const pid = stack.app.pid()
  await expectErrorsOnly(stack)
  expect([stack.app.pid(), (await fetch(`${stack.app.url}/api/health`)).status]).toEqual([pid, 200])
  expect(stack.app.logs().filter(line => line.level === 'error')).toEqual([])
})

onProduction('8. Every input from outside is parsed by a schema; what does not fit gets a 4xx that names the field', async () => {
  const stack = await stackFor()
  const { client, id } = await newTenant(stack)
  const { data: [resource] } = expectStatus(await client.get<{ data: { id: string }[] }>(`/api/integrations/${id}/resources`), 200)
  const { organization } = expectStatus(await client.get<SessionBody>('/api/session'), 200)
  const routes = routesOfTree().filter(route => !route.startsWith('ALL '))
  const wrong: string[] = []
  let sent = 0
  for (const route of routes) {
    for (const input of malformedFor(route, { integrationId: id, resourceId: resource?.id ?? '', organizationId: organization?.id ?? '' })) {
      sent += 1
      const fault = await faultOf(client, input)
      if (fault) wrong.push(`${route} with ${input.what}: ${fault}`)
    }
  }
  expect(wrong).toEqual([])
  expect(sent).toBeGreaterThan(1_000)

  // What only bytes can say: a body that does not tell how long it is.
  const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
  const answer = await rawHttp(stack.app.port, `POST /api/session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n${chunk}${chunk}`)
  expect(answer.status).toBe(413)
  expect(answer.text).toContain('body_too_large')
  expect(stack.app.logs().filter(line => line.level === 'error')).toEqual([])
})

async function faultOf(client: ApiClient, { method, path, body, headers, field, status = [400] }: Malformed): Promise<string | null> {
  const answer = await client.call<{ status?: number, code?: string, errors?: { field: string }[] }>(method, path, { body, headers })
  const type = answer.headers.get('content-type')
  if (!status.includes(answer.status)) return `${answer.status} ${answer.text.slice(0, 200)}`
  if (type !== 'application/problem+json') return `answered as ${type}`
  if (answer.body.status !== answer.status || !answer.body.code) return `is no problem: ${answer.text.slice(0, 200)}`
  const named = answer.body.errors?.map(error => error.field) ?? []
  if (field && answer.status === 400 && !named.some(name => name === field || name.startsWith(`${field}.`))) return `names ${JSON.stringify(named)}, not ${field}`
  return null
}
