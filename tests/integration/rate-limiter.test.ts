/** One limiter for all processes, before a provider that counts strictly: two limiters here share nothing but the database. */
import { createClient } from '@supabase/supabase-js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Connector, Endpoint, RateLimits } from '#server/connectors/contract'
import { useSupabase, type Client } from '#server/database/clients'
import { ProviderError } from '#server/errors'
import { pruneBuckets } from '#server/integrations/retention'
import { Limiter } from '#server/limits/limiter'
import { permitStore } from '#server/limits/permits'
import { createApiReader, retryAfterHeader } from '#server/oauth/http'
import { startCountingProvider, type CountingProvider } from '../support/counting-provider.ts'
import { openLimits, type LimitsDatabase } from '../support/limits.ts'
import { until } from '../support/until.ts'

const SECONDS = 3

let db: LimitsDatabase
let provider: CountingProvider
let limiters: Limiter[]
let organizations: string[]
beforeAll(async () => { db = await openLimits() })
afterAll(() => db?.close())
beforeEach(async () => {
  limiters = []
  organizations = await Promise.all([db.organization(), db.organization(), db.organization()])
})
afterEach(async () => {
  await Promise.all(limiters.map(limiter => limiter.close()))
  await provider?.close()
})

const item: Endpoint = { id: 'item', path: () => '/items', schema: z.object({ ok: z.boolean() }), scope: '' }

/** As another process would have it. */
function process(client: () => Client = db.client): Limiter {
  const limiter = new Limiter(permitStore(client))
  limiters.push(limiter)
  return limiter
}

interface Reading { organization?: number, person?: boolean, calls?: number | null, signal?: AbortSignal, maxWaitMs?: number }
function readerOf(limiter: Limiter, { organization = 0, person = false, calls = 20, signal, maxWaitMs }: Reading = {}) {
  const limits: RateLimits = { countedFor: 'app', countedBy: 'path', window: { calls, seconds: SECONDS }, headers: { reset: 'seconds_left' } }
  const connector: Pick<Connector, 'id' | 'hosts' | 'limits'> = { id: 'counting', hosts: { api: provider.url }, limits }
  const organizationId = organizations[organization] ?? ''
  return createApiReader({
    base: provider.url, accessToken: `caller-${organization}`, fetch, retryAfter: retryAfterHeader, signal, policy: maxWaitMs === undefined ? {} : { maxWaitMs },
    limiter: limiter.of({ connector, clientId: provider.url, apiBase: provider.url }, { organizationId, accountId: null, facts: {}, person }),
  })
}

/** So many calls, `lanes` at once. */
async function read(reader: ReturnType<typeof readerOf>, count: number, lanes: number): Promise<void> {
  const turns = Array.from({ length: count }).values()
  await Promise.all(Array.from({ length: lanes }, async () => {
    for (const _ of turns) await reader.get(item)
  }))
}

const refused = () => provider.calls.filter(call => call.status === 429)
const calledBy = (organization: number) => provider.calls.filter(call => call.caller === `caller-${organization}`)
const remaining = async () => (await db.sql<{ remaining: number, calls: number }>('select remaining, calls from public.rate_buckets order by started_at desc limit 1'))[0]

describe('two processes', () => {
  it('never make more calls than the provider takes in a window, and all that there are', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: SECONDS })
    await Promise.all([read(readerOf(process()), 25, 5), read(readerOf(process()), 25, 5)])
    expect(provider.calls).toHaveLength(50)
    expect(refused()).toEqual([])
    expect(provider.calls.at(-1)?.window).toBeLessThanOrEqual(4)
  })

  it('learn a limit that is lower than documented, and one that is higher', async () => {
    for (const limit of [10, 40]) {
      provider = await startCountingProvider({ limit, seconds: SECONDS })
      await readerOf(process()).get(item)
      await until(async () => (await remaining())?.calls === limit, { what: 'the limit to be known to all' })
      await Promise.all([read(readerOf(process()), 12, 5), read(readerOf(process()), 12, 5)])
      expect(refused()).toEqual([])
      if (limit === 10) await provider.close()
    }
  })

  it('learn a limit that nobody documents', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: SECONDS })
    await readerOf(process(), { calls: null }).get(item)
    await until(async () => (await remaining())?.calls === 20, { what: 'the limit to be known to all' })
    await Promise.all([read(readerOf(process(), { calls: null }), 15, 5), read(readerOf(process(), { calls: null }), 15, 5)])
    expect(refused()).toEqual([])
  })

  it('see that somebody else uses the same bucket', async () => {
    provider = await startCountingProvider({ limit: 40, seconds: SECONDS })
    await Promise.all(Array.from({ length: 30 }, () => fetch(`${provider.url}/items`)))
    await read(readerOf(process(), { calls: 40 }), 20, 1)
    expect(refused()).toEqual([])
  })

  it('both stop at a 429 that one of them got, until it says', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: SECONDS })
    const [one, other] = [readerOf(process()), readerOf(process())]
    provider.refuse(120)
    await expect(one.get(item)).rejects.toMatchObject({ kind: 'rate_limited', options: { retryAfterSeconds: 120 } })
    await until(async () => (await db.sql('select 1 from public.rate_buckets where blocked_until > now()')).length > 0, { what: 'the block to be known to all' })
    provider.refuse(null)
    const called = provider.calls.length
    const failure: unknown = await other.get(item).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ProviderError)
    expect(failure).toMatchObject({ kind: 'rate_limited', call: 'GET /items' })
    expect((failure as ProviderError).options.retryAfterSeconds).toBeGreaterThan(100)
    expect(provider.calls).toHaveLength(called)
  })
})

describe('organizations', () => {
  it('share a bucket: the small ones are done within their shares, whatever the large one wants', async () => {
    provider = await startCountingProvider({ limit: 300, seconds: 6 })
    const sizes = [1_000, 50, 50]
    const large = read(readerOf(process(), { calls: 300 }), sizes[0] ?? 0, 20)
    // It has used up a window when the others come, each with one call at a time.
    await until(() => provider.calls.length >= 250, { what: 'the large one to be at it' })
    await Promise.all([1, 2].map(organization => read(readerOf(process(), { calls: 300, organization }), 50, 1)))
    const whileAllWanted = [...provider.calls]
    const [first, last] = [calledBy(1)[0]?.window ?? never(), whileAllWanted.at(-1)?.window ?? never()]
    expect(last - first).toBeLessThanOrEqual(1)
    // The window in which they came was the large one's before.
    for (let window = 2; window <= last; window += 1) {
      expect(whileAllWanted.filter(call => call.window === window && call.caller === 'caller-0').length, `window ${window}`).toBeLessThanOrEqual(300 / 3)
    }
    await large
    expect(sizes.map((_, organization) => calledBy(organization).length)).toEqual(sizes)
    expect(refused()).toEqual([])
    // Alone it gets all of them: with a third of each it would have taken ten windows.
    expect(provider.calls.at(-1)?.window).toBeLessThanOrEqual(6)
  })

  it('keep a few calls for a person who waits', async () => {
    provider = await startCountingProvider({ limit: 40, seconds: 30 })
    const limits = process()
    await expect(read(readerOf(limits, { calls: 40, maxWaitMs: 0 }), 60, 8)).rejects.toMatchObject({ kind: 'rate_limited' })
    expect(provider.calls.length).toBeLessThanOrEqual(38)
    await readerOf(limits, { calls: 40, person: true }).get(item)
    expect(refused()).toEqual([])
  })
})

describe('permits', () => {
  it('go back when nobody uses them', async () => {
    provider = await startCountingProvider({ limit: 400, seconds: 30 })
    await read(readerOf(process(), { calls: 400 }), 50, 5)
    await until(async () => (await remaining())?.remaining === 350, { what: 'the permits to be given back' })
  })

  it('of a process that died come back with the next window', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: SECONDS })
    const store = permitStore(db.client)
    await readerOf(process()).get(item)
    const [{ key } = never()] = await db.sql<{ key: string }>('select key from public.rate_buckets order by started_at desc limit 1')
    const { answers: [dead] } = await store.take([{ key, calls: 20, seconds: SECONDS, organization_id: organizations[1] ?? '', want: 100, returned: 0, window: null, spent: 0, person: true, note: null }])
    expect(dead?.granted).toBeGreaterThan(15)
    await read(readerOf(process()), 15, 5)
    expect(refused()).toEqual([])
  })
})

describe('the first call of a bucket', () => {
  const at = (path: string): Endpoint => ({ ...item, path: () => path })
  const bucketAt = async () => (await db.sql<{ remaining: number }>('select remaining from public.rate_buckets where calls = 60')).map(row => row.remaining)

  it('is made at once where nothing is scarce, and counted afterwards', async () => {
    provider = await startCountingProvider({ limit: 60, seconds: 30 })
    let asked = 0
    const reader = readerOf(process(() => {
      asked += 1
      return db.client()
    }), { calls: 60 })
    await reader.get(at('/first'))
    const before = asked
    for (const path of ['/second', '/third', '/fourth']) await reader.get(at(path))
    expect(asked).toBe(before)
    await until(async () => (await bucketAt()).join() === '59,59,59,59', { what: 'all of them to be counted' })
  })

  it('waits for a permit of a bucket that is scarce', async () => {
    provider = await startCountingProvider({ limit: 60, seconds: 30 })
    const greedy = readerOf(process(), { calls: 60, maxWaitMs: 0 })
    await read(greedy, 60, 8).catch(() => undefined)
    const reader = readerOf(process(), { calls: 60, maxWaitMs: 0 })
    await reader.get(at('/another'))
    await expect(reader.get(item)).rejects.toMatchObject({ kind: 'rate_limited' })
    expect(refused()).toEqual([])
  })
})

describe('who waits', () => {
  it('stops when the caller does', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: 30 })
    const limits = process()
    const stop = new AbortController()
    const waiting = read(readerOf(limits, { signal: stop.signal }), 30, 3).catch((error: unknown) => error)
    await until(() => provider.calls.length >= 19, { what: 'the bucket to be empty' })
    stop.abort(new Error('the scan was cancelled'))
    expect(await waiting).toMatchObject({ message: 'the scan was cancelled' })
  })

  it('is told how long at once when that is too long', async () => {
    provider = await startCountingProvider({ limit: 20, seconds: 30 })
    const failure: unknown = await read(readerOf(process(), { maxWaitMs: 2_000 }), 30, 3).catch((error: unknown) => error)
    expect(failure).toMatchObject({ kind: 'rate_limited' })
    expect((failure as ProviderError).options.retryAfterSeconds).toBeGreaterThan(20)
    expect(refused()).toEqual([])
  })
})

it('a bucket is forgotten a day after its last window, unless it is shut for longer', async () => {
  const at = async (key: string, hours: number, blocked: number | null) => {
    await db.sql(`insert into public.rate_buckets (key, window_seconds, started_at, resets_at, blocked_until)
      values ($1, 60, now(), now() - make_interval(hours => $2), now() + make_interval(hours => $3))`, [key, hours, blocked])
  }
  const names = ['fresh', 'old', 'opened', 'shut'].map(name => `${name}:${'0'.repeat(32)}`)
  const [fresh, old, opened, shut] = names as [string, string, string, string]
  await at(fresh, 23, null)
  await at(old, 25, null)
  await at(opened, 25, -25)
  await at(shut, 25, 5)
  await db.sql('insert into public.rate_shares (key, organization_id, window_number, wants_until) values ($1, $2, 1, now())', [old, organizations[0]])
  useSupabase(db.address)
  try {
    expect(await pruneBuckets()).toBe(2)
  }
  finally {
    useSupabase(null)
  }
  expect((await db.sql<{ key: string }>('select key from public.rate_buckets where key = any ($1) order by key', [names])).map(row => row.key)).toEqual([fresh, shut])
})

describe('without the database', () => {
  it('calls go on, the provider has the last word, and it is said once', async () => {
    provider = await startCountingProvider({ limit: 10, seconds: 30 })
    const away = createClient('http://127.0.0.1:9', 'key', { auth: { persistSession: false } })
    const lines = db.logLines()
    const reader = readerOf(process(() => away as Client), { maxWaitMs: 1_000 })
    await read(reader, 10, 2)
    await expect(reader.get(item)).rejects.toMatchObject({ kind: 'rate_limited' })
    // What the answers said is known here, so the provider is not even asked.
    expect(refused()).toEqual([])
    expect(lines.filter(line => line.includes('counted by this process alone'))).toHaveLength(1)
  })
})

const never = (): never => { throw new Error('There is none') }
