/** The eight sentences under "Always true" of the design, each on real parts. */
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { startStack, type Stack, type StackOptions } from '../support/stack.ts'
import { ciphertext, dumpDataDir, dumpPostgres, filesBelow, findSecrets, watchTraffic } from './always-true/leaks.ts'
import { driveEverything } from './always-true/no-token.ts'

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
