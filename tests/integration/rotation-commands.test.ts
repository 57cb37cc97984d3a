/** `npm run keys:rotate` and `npm run keys:status` as an operator runs them. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { newEncryptionKey } from '../support/backend.ts'
import { expectStatus, newPerson, type ApiClient } from '../support/client.ts'
import { runScript, startScript } from '../support/commands.ts'
import { settled } from '../support/company.ts'
import { startRpcProxy } from '../support/rpc-proxy.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { stoppedSql } from '../support/stopped-database.ts'
import { until } from '../support/until.ts'

vi.setConfig({ testTimeout: 150_000, hookTimeout: 120_000 })

interface Use { kind: string, keyId: string, held: number, organizations: number, known: boolean, current: boolean }

const embedded = inject('databaseMode') === 'embedded'
const [first, second] = [newEncryptionKey(), newEncryptionKey()]
const person = newPerson()
let stack: Stack
let client: ApiClient
let id: string

beforeAll(async () => {
  stack = await startStack({ env: { ENCRYPTION_KEY: first } })
  client = await stack.person(person)
  id = (await client.connect()).split('/').at(-1) ?? ''
  await settled(client, id)
})
afterAll(() => stack?.close())

const both = { ENCRYPTION_KEY: second, ENCRYPTION_KEYS_PREVIOUS: first }
const environment = (more: Record<string, string>) => ({ LOG_LEVEL: 'warn', ...stack.backend.env, ...stack.provider.env, DATA_DIR: stack.app.dataDir, ...more })

async function run(name: string, args: string[], more: Record<string, string>): Promise<{ code: number | null, output: string }> {
  const done = await runScript(name, args, environment(more), 100_000)
  for (const secret of [first, second, ...stack.provider.secrets]) expect(done.output).not.toContain(secret)
  return done
}

async function status(more: Record<string, string>): Promise<Use[]> {
  const { code, output } = await run('keys-status', ['--json'], more)
  expect(code, output).toBe(0)
  return JSON.parse(output) as Use[]
}

async function scanCompletes(): Promise<void> {
  await client.signIn(person)
  expectStatus(await client.post(`/api/integrations/${id}/scan`), 202)
  const [newest] = await settled(client, id)
  expect(newest).toMatchObject({ status: 'completed', error: null })
}

describe('keys:rotate', () => {
  it('refuses an option that it does not have', async () => {
    expect(await run('keys-rotate', ['--all'], both)).toMatchObject({ code: 2, output: expect.stringContaining('Usage: npm run keys:rotate') as string })
  })

  it.runIf(embedded)('refuses beside a running app, naming the lock and who has it', async () => {
    const { code, output } = await run('keys-rotate', [], { ENCRYPTION_KEY: first })
    expect(code).toBe(1)
    expect(output).toContain(`in use by another process (pid ${stack.app.pid()})`)
    expect(stack.app.running()).toBe(true)
  })

  it('changes the key-encryption key, and the data keys, and says what is under which', async () => {
    await stack.app.kill('SIGTERM')
    // With Supabase the app runs all the time; it has to know the new key before the wraps are under it.
    if (!embedded) await stack.app.restart(both)
    const [wrap] = await status(both)
    expect(wrap).toMatchObject({ kind: 'wrap', held: 1, known: true, current: false })

    const kek = await run('keys-rotate', [], both)
    expect(kek).toMatchObject({ code: 0, output: expect.stringContaining('1 keys wrapped with the key-encryption key of now.') as string })
    const uses = await status({ ENCRYPTION_KEY: second })
    expect(uses.map(({ kind, held, current }) => ({ kind, held, current }))).toEqual([{ kind: 'wrap', held: 1, current: true }, { kind: 'data_key', held: 2, current: false }])
    expect(uses[0]?.keyId).not.toBe(wrap?.keyId)

    const data = await run('keys-rotate', ['--data-keys'], { ENCRYPTION_KEY: second })
    expect(data).toMatchObject({ code: 0, output: expect.stringContaining('1 integrations re-encrypted.') as string })
    expect((await status({ ENCRYPTION_KEY: second })).map(({ kind, held }) => ({ kind, held })).sort((a, b) => a.held - b.held))
      .toEqual([{ kind: 'data_key', held: 0 }, { kind: 'wrap', held: 2 }, { kind: 'data_key', held: 2 }])
    const { output } = await run('keys-status', [], { ENCRYPTION_KEY: second })
    expect(output).toMatch(/^ {2}[0-9a-f]{8} {2}wraps 2 data keys, \d+ wraps made, current$/m)
    expect(output).toContain('Data keys: 2, holding 2 values; 1 hold none')

    if (embedded) await stack.app.restart({ ENCRYPTION_KEY: second })
    await scanCompletes()
    await stack.app.kill('SIGTERM')
    await stack.app.restart({ ENCRYPTION_KEY: second })
    await scanCompletes()
  })

  it('skips what does not open, counts it, and ends with 1', async () => {
    await stack.app.kill('SIGTERM')
    await stoppedSql(stack, 'update public.integrations set version = version + 1')
    try {
      const { code, output } = await run('keys-rotate', ['--data-keys'], { ENCRYPTION_KEY: second })
      expect(code).toBe(1)
      expect(output).toContain('The credentials of 1 integrations open with no key of this installation')
      expect(output).toContain(id)
    }
    finally {
      await stoppedSql(stack, 'update public.integrations set version = version - 1')
    }
    expect((await run('keys-rotate', ['--data-keys'], { ENCRYPTION_KEY: second })).code).toBe(0)
    await stack.app.restart({ ENCRYPTION_KEY: second })
    await scanCompletes()
  })

  it.skipIf(embedded)('killed in the middle goes on where it stopped, with the same new keys', async () => {
    const { useEncryptionKeys } = await import('#server/utils/encryption')
    const { seedSealed } = await import('../support/sealed-integrations.ts')
    useEncryptionKeys({ current: second })
    const seeded = await seedSealed((text, parameters) => stoppedSql(stack, text, parameters), 3, 200)
    const proxy = await startRpcProxy(stack.backend.env.SUPABASE_URL ?? '')
    const through = { ENCRYPTION_KEY: second, SUPABASE_URL: proxy.url }
    const keys = () => stoppedSql(stack, 'select organization_id, key_id, retired_at is not null as retired from public.organization_keys order by 1, 2')
    const toDo = async () => Number((await stoppedSql(stack, `select count(*) as n from public.integrations i join public.organization_keys k using (organization_id)
      where k.retired_at is null and i.credential_key_id <> k.key_id`))[0]?.n)
    try {
      // The second batch is re-encrypted and not stored when it dies.
      proxy.hold('store_rotated_credentials', 2)
      const child = startScript('keys-rotate', ['--data-keys'], environment(through))
      await until(() => proxy.waiting() === 1, { timeoutMs: 60_000, what: 'the second batch' })
      await child.end('SIGKILL')
      proxy.release()
      const left = await until(async () => {
        const n = await toDo()
        return n > 0 && n < seeded.length ? n : null
      }, { what: 'the change to stand in the middle' })
      const made = await keys()

      const { code, output } = await run('keys-rotate', ['--data-keys'], through)
      expect(code, output).toBe(0)
      expect(output).toContain('going on with a change that was interrupted')
      expect(left).toBeGreaterThan(0)
      expect(await keys()).toEqual(made)
      expect(await toDo()).toBe(0)
    }
    finally {
      await proxy.close()
    }
    const { withCredential } = await import('#server/integrations/credentials')
    const { useSupabase } = await import('#server/database/clients')
    useSupabase(stack.backend.supabase)
    for (const one of seeded.filter((_, index) => index % 7 === 0)) {
      const token = await withCredential({ integrationId: one.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
      expect(token).toBe(one.accessToken)
    }
    useSupabase(null)
  })
})
