/** `npm run doctor` on deployments as they are: sound, broken in one place or several, and not there at all. */
import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Result } from '#server/doctor/contract'
import { openEmbeddedSupabase } from '#server/database/embedded'
import { lockDataDir } from '#server/database/lock'
import { startQueue, stopQueue } from '#server/queue'
import { encryptValue, useEncryptionKeys } from '#server/utils/encryption'
import { readMigrations } from '../../scripts/lib/lite-database.ts'
import { newEncryptionKey, openBackend } from '../support/backend.ts'
import { runNode } from '../support/child.ts'
import { freePort } from '../support/free-port.ts'
import { serveHttp } from '../support/http-server.ts'
import { callbacks, startProvider } from '../support/provider.ts'
import { tempDir } from '../support/temp-dir.ts'

const embedded = inject('databaseMode') === 'embedded'
const script = join(import.meta.dirname, '../../scripts/doctor.ts')
const closers: (() => unknown)[] = []
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Sql = (text: string) => Promise<unknown>
interface Deployment { env: Record<string, string>, secrets: string[], dataDir: string }

/** A deployment that has run once, and does not run now. @param prepare leaves its mark in the database */
async function deploy(prepare: (sql: Sql) => Promise<unknown> = async () => {}): Promise<Deployment> {
  const port = await freePort()
  const appUrl = `http://localhost:${port}`
  const provider = await startProvider({ redirectUris: callbacks(appUrl) })
  closers.push(provider.close)
  const folder = await tempDir('doctor')
  closers.push(folder.remove)
  const key = newEncryptionKey()
  useEncryptionKeys({ current: key })
  const common = { APP_URL: appUrl, PORT: String(port), DATA_DIR: folder.path, ...provider.env }
  const secrets = [key, provider.clientSecret]
  if (!embedded) {
    const backend = await openBackend()
    closers.push(backend.close)
    const { supabase } = backend
    if (!supabase) throw new Error('There is no Supabase in this mode')
    await startQueue({ databaseUrl: supabase.databaseUrl })
    await stopQueue(5_000)
    const connection = postgres(supabase.databaseUrl, { max: 1, onnotice: () => {} })
    await prepare(async text => connection.unsafe(text))
    await connection.end()
    const password = new URL(supabase.databaseUrl).password
    return { env: { ...common, ...backend.env, ENCRYPTION_KEY: key }, secrets: [...secrets, supabase.serviceRoleKey, supabase.anonKey, password], dataDir: folder.path }
  }
  await writeFile(join(folder.path, 'encryption.key'), `${key}\n`, { mode: 0o600 })
  const database = await openEmbeddedSupabase({ directory: folder.path, jwtSecret: randomBytes(32).toString('base64url'), siteUrl: appUrl, migrations: await readMigrations() })
  await startQueue({ embedded: database.driver })
  await stopQueue(5_000)
  await prepare(text => database.driver.exec(text))
  await database.close()
  return { env: common, secrets, dataDir: folder.path }
}

/** @returns the results, after a look for secrets at everything that was printed */
async function doctor({ env, secrets }: Pick<Deployment, 'env' | 'secrets'>, changes: Record<string, string> = {}): Promise<{ code: number | null, results: Result[] }> {
  const { code, output } = await runNode([script, '--json'], { ...env, ...changes })
  expect(secrets.filter(secret => output.includes(secret))).toEqual([])
  return { code, results: JSON.parse(output) as Result[] }
}

const named = (results: Result[], name: string) => results.filter(result => result.name.startsWith(name))
const failures = (results: Result[]) => results.filter(result => result.ok === false)

/** An integration with one stored value. */
function store(sql: Sql, value: string): Promise<unknown> {
  return sql(`with o as (insert into public.organizations (name) values ('Ours') returning id)
    insert into public.integrations (organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name)
    select id, 'supabase', 'Ours', '${JSON.stringify({ access_token: value, project_name: 'x' })}', '0 6 * * *', '${randomUUID()}', 'Ours' from o`)
}

let sound: Deployment
beforeAll(async () => { sound = await deploy(sql => store(sql, encryptValue('a token', 'access_token'))) })

it('says of each part of a sound deployment that it is', async () => {
  const { code, results } = await doctor(sound)
  expect(failures(results)).toEqual([])
  expect(code).toBe(0)
  // What can't be looked at here: the app does not run. Nor are the other providers, which are not configured.
  expect(results.filter(result => result.ok === 'skipped' && result.name !== 'provider').map(result => result.name)).toEqual([embedded ? 'data api' : 'disk', 'address'])
  const detail = (name: string) => named(results, name)[0]?.detail
  expect(detail('database')).toMatch(/^PostgreSQL 1[5-9]/)
  expect(detail('migrations')).toBe(`all ${(await readMigrations()).length} are applied`)
  expect(detail('schema')).toMatch(/^\d\d rules hold/)
  expect(detail('keys')).toMatch(/^all 1 stored can be opened: 1 \(direct\) with key [0-9a-f]{8}$/)
  expect(detail('queue')).toMatch(/^pg-boss schema \d+: 0 waiting, 0 to be tried again, 0 running, 0 failed/)
  expect(detail('redirect uri')).toBe(`Supabase has to have exactly ${sound.env.APP_URL}/api/auth/supabase/callback registered`)
  expect(detail('provider')).toContain(`${sound.env.SUPABASE_API_URL} answers (HTTP 401)`)
  expect(detail('clock')).toMatch(/^agrees with the database, 127\.0\.0\.1:\d+$/)
})

it('names every fault with its remedy, and none hides another', async () => {
  const stranger = '0a1b2c3d'
  const deployment = await deploy(async (sql) => {
    await store(sql, encryptValue('a token', 'access_token').replace(/^[0-9a-f]{8}/, stranger))
    const [last] = (await readMigrations()).slice(-1)
    await sql(`delete from supabase_migrations.schema_migrations where version = '${last?.version}'`)
    await sql('alter table public.findings no force row level security')
    await sql('grant select on table public.integrations to authenticated')
    await sql(`insert into pgboss.job (name, data, start_after) values ('scan.run', '{}', now() - interval '1 hour')`)
  })
  const { code, results } = await doctor(deployment, { SUPABASE_API_URL: `http://127.0.0.1:${await freePort()}` })
  expect(code).toBe(1)
  expect(failures(results).map(({ name, detail }) => `${name}: ${detail}`)).toEqual([
    expect.stringMatching(/^migrations: 1 of \d+ are not applied: \d+_/),
    'schema rls_forced: Row level security is on, and forced, for every table does not hold for public.findings',
    'schema credentials_hidden: Signed-in people have no privilege on the column of the credentials does not hold for public.integrations.config',
    `keys: of 1 stored, 1 can't be opened: 1 (direct) with key ${stranger}`,
    expect.stringMatching(/^queue: .*; the oldest job waits for 60 minutes$/),
    expect.stringMatching(/^provider: Supabase: .* can't be reached \(ECONNREFUSED\)$/),
  ])
  expect(failures(results).filter(result => !result.fix)).toEqual([])
  expect(named(results, 'clock')[0]?.ok).toBe(true)
})

it('prints a line for each and a summary', async () => {
  const { code, output } = await runNode([script], { ...sound.env, NODE_ENV: 'production', APP_URL: 'http://integrations.example.com' })
  expect(code).toBe(1)
  expect(output).toMatch(/^ok {3}node: Node\.js \d+/m)
  expect(output).toMatch(/^skip (?:data api|disk): /m)
  expect(output).toMatch(/^FAIL address: APP_URL is http:\/\/integrations\.example\.com.*\. To fix: put a proxy with TLS in front/m)
  expect(output).toMatch(/\n\n\d+ ok, 1 failed, \d+ skipped\n$/)
})

it('finds every fault of the environment, prints none of it, and says what it could not look at', async () => {
  const secrets = ['leak-and-short', 'leak with spaces']
  const { code, results } = await doctor({ env: {}, secrets }, { APP_URL: 'leak-and-short', ENCRYPTION_KEY: 'leak-and-short', SUPABASE_SERVICE_ROLE_KEY: 'leak with spaces', METRICS_TOKEN: 'leak' })
  expect(code).toBe(1)
  expect(named(results, 'environment').map(result => result.detail.split(' ')[0])).toEqual(
    expect.arrayContaining(['APP_URL', 'ENCRYPTION_KEY', 'SUPABASE_SERVICE_ROLE_KEY', 'METRICS_TOKEN', 'SUPABASE_URL', 'DATABASE_URL']))
  expect(results.filter(result => result.ok === true).map(result => result.name)).toEqual(['node'])
  expect(named(results, 'database')[0]).toMatchObject({ ok: 'skipped', detail: 'the environment has faults' })
})

describe('what answers at APP_URL', () => {
  const answer = async (respond: () => Response) => {
    const server = await serveHttp(async () => respond(), { port: Number(sound.env.PORT) })
    // Nor is an embedded database opened for it: that takes seconds.
    const changes = { APP_URL: `http://127.0.0.1:${sound.env.PORT}`, DATA_DIR: join(sound.dataDir, 'later') }
    const { results } = await doctor(sound, changes).finally(server.close)
    return results
  }
  const healthy = { status: 'ok', checks: { database: true, queue: true } }

  it('is this app', async () => {
    const results = await answer(() => Response.json(healthy))
    expect(named(results, 'address')[0]).toMatchObject({ ok: true, detail: expect.stringMatching(/^the app answers at/) as string })
    expect(failures(results)).toEqual([])
  })

  it('is this app without its queue, or something else', async () => {
    expect(named(await answer(() => Response.json({ status: 'unavailable', checks: { database: true, queue: false } }, { status: 503 })), 'address')[0])
      .toMatchObject({ ok: false, detail: expect.stringContaining('without its queue') as string })
    expect(named(await answer(() => new Response('<h1>Welcome to nginx</h1>')), 'address')[0])
      .toMatchObject({ ok: false, detail: expect.stringContaining('not as this app') as string })
  })

  it('has another clock', async () => {
    const results = await answer(() => Response.json(healthy, { headers: { date: new Date(Date.now() - 3_600_000).toUTCString() } }))
    expect(failures(results)).toEqual([expect.objectContaining({ name: 'clock', detail: expect.stringMatching(/^127\.0\.0\.1:\d+ is 3(?:599|600)\.\d s behind of this machine$/) as string })])
  })
})

describe.runIf(embedded)('an embedded database', () => {
  it('that the app has open is left alone', async () => {
    const unlock = await lockDataDir(sound.dataDir, { patienceMs: 0 })
    const { code, results } = await doctor(sound).finally(unlock)
    expect(code).toBe(0)
    expect(named(results, 'database')[0]).toMatchObject({ ok: 'skipped', detail: expect.stringContaining('stop it') as string })
    expect(named(results, 'keys')[0]?.ok).toBe('skipped')
  })

  it('that is not there yet is not made', async () => {
    const { path, remove } = await tempDir('doctor')
    closers.push(remove)
    const { code, results } = await doctor({ env: { DATA_DIR: join(path, 'later') }, secrets: [] })
    expect([code, failures(results)]).toEqual([0, []])
    expect(named(results, 'database')[0]).toMatchObject({ ok: 'skipped', detail: expect.stringContaining('the first start makes it') as string })
    await expect(writeFile(join(path, 'later'), '', { flag: 'wx' })).resolves.toBeUndefined()
  })

  it('whose key others may read, or is lost, is a fault', async () => {
    const key = join(sound.dataDir, 'encryption.key')
    await chmod(key, 0o640)
    expect(failures((await doctor(sound)).results)).toEqual([expect.objectContaining({ name: 'disk', fix: `chmod go= ${key}` })])
    await chmod(key, 0o600)
    await writeFile(key, 'cut\n')
    expect(failures((await doctor(sound)).results)).toEqual([expect.objectContaining({ name: 'keys', detail: expect.stringContaining('not base64 of exactly 32 bytes') as string })])
    await rm(key)
    expect(failures((await doctor(sound)).results)).toEqual([expect.objectContaining({ name: 'keys', detail: 'there is a database, and no key' })])
  })
})

describe.runIf(!embedded)('Supabase', () => {
  it('that does not let us in, or is not there', async () => {
    const wrong = new URL(sound.env.DATABASE_URL ?? '')
    wrong.password = 'hunter2-and-more'
    const refused = await doctor({ ...sound, secrets: [...sound.secrets, wrong.password] }, { DATABASE_URL: wrong.href, SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_of_another_project' })
    expect(failures(refused.results).map(result => [result.name, result.fix?.split(' ')[0]])).toEqual([['database', 'compare'], ['data api', 'compare']])
    expect(named(refused.results, 'schema')[0]).toMatchObject({ ok: 'skipped', detail: 'the database is away' })
    wrong.port = String(await freePort())
    const away = await doctor(sound, { DATABASE_URL: wrong.href })
    expect(failures(away.results)).toEqual([expect.objectContaining({ name: 'database', fix: expect.stringContaining('start the database') as string })])
  })
})
