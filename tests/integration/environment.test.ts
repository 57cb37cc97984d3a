/** Starting: what is wrong is said in one message, and nothing is half started. */
import { chmod, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, inject, it } from 'vitest'
import { appEnvironment, serverEntry, startApp, type TestApp } from '../support/app.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { runNode } from '../support/child.ts'
import { ApiClient, expectStatus, newPerson } from '../support/client.ts'
import { tempDir } from '../support/temp-dir.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function folder(): Promise<string> {
  const { path, remove } = await tempDir('environment')
  closers.push(remove)
  return path
}

async function start(options: Parameters<typeof startApp>[0]): Promise<TestApp> {
  const app = await startApp({ empty: true, ...options })
  closers.push(app.stop)
  return app
}

/** A start that is meant to fail. */
async function refusalOf(env: Record<string, string | undefined>, dataDir?: string): Promise<{ code: number | null, output: string }> {
  return runNode([serverEntry], await appEnvironment(dataDir ?? await folder(), env), 40_000)
}

const keys = { SUPABASE_URL: 'http://127.0.0.1:9', SUPABASE_ANON_KEY: 'anon', SUPABASE_SERVICE_ROLE_KEY: 'service', DATABASE_URL: 'postgresql://u:p@127.0.0.1:9/x', ENCRYPTION_KEY: newEncryptionKey() }

// Each test brings its own environment: once is enough.
const once = describe.skipIf(inject('databaseMode') === 'supabase')

once('a bad environment', () => {
  it.each<[string, Record<string, string | undefined>, string[]]>([
    ['one of Supabase\'s variables', { SUPABASE_URL: keys.SUPABASE_URL }, ['SUPABASE_ANON_KEY', 'SUPABASE_SERVICE_ROLE_KEY', 'DATABASE_URL', 'ENCRYPTION_KEY']],
    ['Supabase without a key of ours', { ...keys, ENCRYPTION_KEY: undefined }, ['ENCRYPTION_KEY']],
    ['the service\'s key in both places', { ...keys, SUPABASE_ANON_KEY: 'service' }, ['SUPABASE_SERVICE_ROLE_KEY']],
    ['everything at once', { APP_URL: 'localhost', ENCRYPTION_KEY: 'c2hvcnQ=', WORKER: 'yes', LOG_LEVEL: 'loud', SUPABASE_API_URL: 'ftp://x', DATABASE_URL: 'mysql://x', ENCRYPTION_KEYS_PREVIOUS: 'x,y' },
      ['APP_URL', 'ENCRYPTION_KEY', 'WORKER', 'LOG_LEVEL', 'SUPABASE_API_URL', 'DATABASE_URL', 'ENCRYPTION_KEYS_PREVIOUS']],
    ['an all-zero key', { ENCRYPTION_KEY: Buffer.alloc(32).toString('base64') }, ['ENCRYPTION_KEY']],
    ['production without a key and a folder for one', { DATA_DIR: undefined }, ['ENCRYPTION_KEY']],
    ['nothing to do', { WEB: '0', WORKER: '0' }, ['WORKER']],
    ['no web with the embedded database', { WEB: '0' }, ['WEB']],
  ])('%s: one message names every fault and its remedy, and the process ends with 1', async (_, env, variables) => {
    const { code, output } = await refusalOf(env)
    expect(code).toBe(1)
    const faults = [...output.matchAll(/^ {2}([A-Z_]+) .+\. To fix: .+\.$/gm)].map(match => match[1])
    expect([...new Set(faults)].sort()).toEqual([...variables].sort())
    expect(output).toMatch(new RegExp(`^The environment has ${faults.length} faults?:$`, 'm'))
    for (const value of Object.values(env)) if (value && value.length > 7 && value !== keys.SUPABASE_URL) expect(output).not.toContain(value)
    expect(output).not.toContain('    at ')
  })

  it('is told from a Supabase that is not there', async () => {
    const { code, output } = await refusalOf(keys)
    expect(code).toBe(1)
    expect(output).toContain('Compare SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY')
    expect(output).not.toContain('service"')
  })

  it('is a key file that nobody can read as a key', async () => {
    const dataDir = await folder()
    await writeFile(join(dataDir, 'encryption.key'), 'cut sho')
    const { code, output } = await refusalOf({}, dataDir)
    expect(code).toBe(1)
    expect(output).toContain('encryption.key')
    expect(output).not.toContain('cut sho')
    expect(await readFile(join(dataDir, 'encryption.key'), 'utf8')).toBe('cut sho')
  })
})

once('the embedded database', () => {
  it('makes a key for this user alone, says so once, and keeps it', async () => {
    const app = await start({})
    const file = join(app.dataDir, 'encryption.key')
    const key = await readFile(file, 'utf8')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(Buffer.from(key.trim(), 'base64')).toHaveLength(32)
    const said = () => app.logs().filter(line => String(line.message).includes(file))
    expect(said()).toHaveLength(1)
    expect(app.output()).not.toContain(key.trim())

    await app.kill('SIGTERM')
    await chmod(file, 0o644)
    await app.restart()
    expect(said()).toHaveLength(1)
    expect(await readFile(file, 'utf8')).toBe(key)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('refuses a second process on its folder, and goes on', async () => {
    const app = await start({})
    const person = newPerson()
    const client = new ApiClient(app.url)
    await client.signUp(person)
    const { code, output } = await refusalOf({}, app.dataDir)
    expect(code).toBe(1)
    expect(output).toContain(`in use by another process (pid ${app.pid()})`)
    expect(app.running()).toBe(true)
    expectStatus(await client.get('/api/session'), 200)
  })

  it('starts at once after kill -9, with all that it had', async () => {
    const app = await start({})
    const client = new ApiClient(app.url)
    const session = await client.signUp()
    for (let round = 0; round < 2; round++) {
      await app.kill('SIGKILL')
      await app.restart()
      expect(expectStatus(await client.get('/api/session'), 200)).toEqual(session)
    }
    // No patience was spent on the lock of a process that is gone.
    expect(app.logs().filter(line => line.level === 'error')).toEqual([])
  })

  it('refuses a database whose key is lost', async () => {
    const app = await start({ env: { ENCRYPTION_KEY: newEncryptionKey() } })
    await app.kill('SIGTERM')
    const { code, output } = await refusalOf({}, app.dataDir)
    expect(code).toBe(1)
    expect(output).toContain('holds a database and no encryption.key')
  })
})
