import { it } from 'vitest'
import { z } from 'zod'
import type { Endpoint, RateLimits } from '#server/connectors/contract'
import { Limiter } from '#server/limits/limiter'
import { permitStore } from '#server/limits/permits'
import { createApiReader, retryAfterHeader } from '#server/oauth/http'
import { startCountingProvider } from '../support/counting-provider'
import { openLimits } from '../support/limits'
import { byTurns, report } from './report'

const LATENCY_MS = 50
const CALLS = 40
const LANES = 4
const ROUNDS = 10

const endpoint = (path: string): Endpoint => ({ id: 'item', path: () => path, schema: z.object({ ok: z.boolean() }), scope: '' })

it('calls with the limiter against calls without', async () => {
  const db = await openLimits()
  const provider = await startCountingProvider({ limit: 1_000_000, seconds: 60, latencyMs: LATENCY_MS })
  const limiter = new Limiter(permitStore(db.client))
  const limits: RateLimits = { countedFor: 'app', countedBy: 'path', window: { calls: 5_000, seconds: 60 }, headers: { reset: 'seconds_left' } }
  const caller = { connector: { id: 'counting', hosts: { api: provider.url }, limits }, clientId: 'bench', apiBase: provider.url }
  const who = { organizationId: await db.organization(), accountId: null, facts: {}, person: false }
  const options = { base: provider.url, accessToken: 'token', fetch, retryAfter: retryAfterHeader }
  const [bare, limited] = [createApiReader(options), createApiReader({ ...options, limiter: limiter.of(caller, who) })]
  const read = async (reader: typeof bare, path: (call: number) => string) => {
    const calls = Array.from({ length: CALLS }, (_, call) => call).values()
    await Promise.all(Array.from({ length: LANES }, async () => {
      for (const call of calls) await reader.get(endpoint(path(call)))
    }))
  }
  let round = 0
  const measure = async (name: string, path: (call: number) => string) => {
    const [without, withIt] = await byTurns(ROUNDS, () => read(bare, path), () => {
      round += 1
      return read(limited, path)
    })
    report({ name, value: withIt / without, unit: '×', target: { atMost: 1.05 }, detail: { without_ms: without, with_ms: withIt, calls: CALLS } })
  }
  try {
    await measure('A call with the limiter, at 50 ms of latency', () => '/items')
    await measure('The same, each call of a bucket of its own', call => `/items/${round}/${call}`)
  }
  finally {
    await limiter.close()
    await provider.close()
    await db.close()
  }
})
