/** The eight sentences under "Always true" of the design, each on real parts. */
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { newEncryptionKey } from '../support/backend.ts'
import { startStack, type Stack, type StackOptions } from '../support/stack.ts'
import { ciphertext, dumpDataDir, dumpPostgres, filesBelow, findSecrets, watchTraffic } from './always-true/leaks.ts'
import { driveEverything } from './always-true/no-token.ts'
import { malformedFor, type Malformed } from './always-true/malformed.ts'
import { newTenant } from './always-true/kill.ts'
import { expectStatus, type ApiClient } from '../support/client.ts'
import { rawHttp } from '../support/raw-http.ts'
import { routesOfTree } from './routes/tree.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function stackFor(options?: StackOptions): Promise<Stack> {
  const stack = await startStack(options)
  closers.push(stack.close)
  return stack
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

  const seen = [...traffic.answers, stack.app.output(), ...rows.filter(row => row.table !== 'config').map(({ table, row }) => `${table} ${row}`)]
  expect(seen.flatMap(text => findSecrets(text, secrets))).toEqual([])
  expect(seen.flatMap(text => text.match(ciphertext) ?? [])).toEqual([])
  const kept = supabase ? configs : [...configs, ...filesBelow(stack.app.dataDir)]
  expect(kept.flatMap(({ table, row }) => findSecrets(`${table} ${row}`, secrets))).toEqual([])
  // Whatever a library writes by itself went through the log, which redacts.
  const bare = stack.app.output().split('\n').filter(line => line !== '' && !line.startsWith('{') && !line.startsWith('Listening on '))
  expect(bare).toEqual([])
  expect(stack.app.output()).toContain('duplicate key value')
})

it('8. Every input from outside is parsed by a schema; what does not fit gets a 4xx that names the field', async () => {
  const stack = await stackFor()
  const { client, id } = await newTenant(stack)
  const { data: [resource] } = expectStatus(await client.get<{ data: { id: string }[] }>(`/api/integrations/${id}/resources`), 200)
  const routes = routesOfTree().filter(route => !route.startsWith('ALL '))
  const wrong: string[] = []
  let sent = 0
  for (const route of routes) {
    for (const input of malformedFor(route, { integrationId: id, resourceId: resource?.id ?? '' })) {
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
