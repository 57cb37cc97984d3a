import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Endpoint } from '#server/connectors/contract'
import { cursorPaging } from '#server/connectors/paging'
import { ProviderError } from '#server/errors'
import { createApiReader, type ApiReaderOptions } from '#server/oauth/http'
import { everythingIn, startServer, type Handler } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())

const token = 'sbp_0102030405060708'
let waits: number[] = []
beforeEach(() => {
  server.received.length = 0
  waits = []
})

const projects: Endpoint<{ ref: string }[]> = { id: 'projects', path: () => '/v1/projects', schema: z.array(z.object({ ref: z.string() })), scope: 'projects:read' }
const settings: Endpoint<{ on: boolean }> = { id: 'settings', path: resource => `/v1/projects/${resource.externalId}/settings`, schema: z.object({ on: z.boolean() }), scope: 's', absent: [404, 402] }

const reader = (more: Partial<ApiReaderOptions> = {}) => createApiReader({
  base: server.url, accessToken: token, fetch, retryAfter: headers => headers.has('x-ratelimit-reset') ? Number(headers.get('x-ratelimit-reset')) : null,
  policy: { timeoutMs: 1_000 }, sleep: async (milliseconds) => { waits.push(milliseconds) }, random: () => 1, ...more,
})

/** Answers the first calls with these, and every later one with the last. */
function sequence(...handlers: Handler[]) {
  let turn = 0
  server.answer((request, response) => handlers[Math.min(turn++, handlers.length - 1)]?.(request, response))
}
const send = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Handler =>
  (_, response) => void response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body))
const good = send(200, [{ ref: 'a' }])
const hang: Handler = () => undefined

async function kindOf(attempt: Promise<unknown>): Promise<string> {
  const error: unknown = await attempt.then(() => new Error('it succeeded'), reason => reason)
  expect(everythingIn(error)).not.toContain(token)
  return error instanceof ProviderError ? error.kind : String(error)
}

describe('createApiReader', () => {
  it('asks with the token and keeps what the schema names', async () => {
    server.reply(200, [{ ref: 'a', jwt_secret: 'leak' }])
    expect(await reader().get(projects)).toEqual([{ ref: 'a' }])
    expect(server.received[0]).toMatchObject({ method: 'GET', url: '/v1/projects', headers: { authorization: `Bearer ${token}` } })
  })

  it('builds the path from the resource', async () => {
    server.reply(200, { on: true })
    await reader().get(settings, { kind: 'project', externalId: 'abc', name: '', metadata: {} })
    expect(server.received[0]?.url).toBe('/v1/projects/abc/settings')
  })

  it('refuses a resource that would lead elsewhere, and one that is missing', async () => {
    for (const externalId of ['..', '', '/../x']) {
      await expect(reader().get(settings, { kind: 'project', externalId, name: '', metadata: {} })).rejects.toThrow(TypeError)
    }
    await expect(reader().get(settings)).rejects.toThrow(TypeError)
    expect(server.received).toHaveLength(0)
  })

  it.each([404, 402])('%i is an absence where the endpoint says so', async (status) => {
    server.reply(status)
    expect(await reader().get(settings, { kind: 'project', externalId: 'abc', name: '', metadata: {} })).toBeNull()
    expect(await kindOf(reader().get(projects))).toBe(status === 404 ? 'not_found' : 'payment_required')
  })

  it('takes a refusal for what its words say, where the endpoint knows them', async () => {
    const words: Endpoint<{ on: boolean }> = {
      ...settings, absent: undefined,
      otherwise: ({ status, body }) => status !== 404 ? undefined : JSON.stringify(body).includes('Off') ? { on: false } : JSON.stringify(body).includes('No branch') ? null : undefined,
    }
    const read = () => reader({ refusal: () => ({ kind: 'forbidden' }) }).get(words, { kind: 'project', externalId: 'abc', name: '', metadata: {} })
    server.reply(404, { message: 'Off' })
    expect(await read()).toEqual({ on: false })
    server.reply(404, { message: 'No branch' })
    expect(await read()).toBeNull()
    for (const [status, message] of [[404, 'Not Found'], [403, 'Off'], [200, 'Off']] as const) {
      server.reply(status, { message })
      expect(await kindOf(read())).toBe('forbidden')
    }
  })

  it.each([[400, 'refused'], [401, 'unauthorized'], [402, 'payment_required'], [403, 'forbidden'], [404, 'not_found'], [409, 'refused'], [422, 'refused']])(
    '%i is %s, asked once', async (status, kind) => {
      server.reply(status, '<html>')
      expect(await kindOf(reader().get(projects))).toBe(kind)
      expect(server.received).toHaveLength(1)
    })

  it.each([['unexpected_shape', { ref: 'a' }], ['unexpected_shape', [{ ref: 1 }]], ['unexpected_shape', null], ['not_json', '<html>'], ['not_json', '']])('%s for %j, asked once', async (kind, body) => {
    server.reply(200, body ?? 'null')
    expect(await kindOf(reader().get(projects))).toBe(kind)
    expect(server.received).toHaveLength(1)
  })

  it('says where the shape differs and not what stood there', async () => {
    server.reply(200, [{ ref: { secret: 'leak' } }])
    const error: unknown = await reader().get(projects).catch((reason: unknown) => reason)
    expect(everythingIn(error)).toContain('projects: 0.ref: invalid_type')
    expect(everythingIn(error)).not.toContain('leak')
  })

  it.each<[string, Handler]>([['500', send(500)], ['503', send(503, '<html>')], ['429', send(429)], ['a reset', (_, response) => void response.destroy()]])(
    'comes back after %s', async (_, fault) => {
      sequence(fault, fault, good)
      expect(await reader().get(projects)).toEqual([{ ref: 'a' }])
      expect(waits).toEqual([500, 1000])
    })

  it.each<[string, Handler, string]>([['500', send(500), 'server_error'], ['429', send(429), 'rate_limited'], ['a reset', (_, response) => void response.destroy(), 'unreachable']])(
    'gives up on %s after three', async (_, fault, kind) => {
      sequence(fault)
      expect(await kindOf(reader().get(projects))).toBe(kind)
      expect(server.received).toHaveLength(3)
      expect(waits).toHaveLength(2)
    })

  it('comes back once after a timeout, and not twice', async () => {
    sequence(hang, good)
    expect(await reader().get(projects)).toEqual([{ ref: 'a' }])
    server.received.length = 0
    sequence(hang)
    expect(await kindOf(reader().get(projects))).toBe('timeout')
    expect(server.received).toHaveLength(2)
  })

  it('does not come back after a redirect or too much', async () => {
    server.reply(302, '', { location: '/x' })
    expect(await kindOf(reader().get(projects))).toBe('redirected')
    server.reply(200, JSON.stringify('x'.repeat(1000)))
    expect(await kindOf(reader({ policy: { maxBytes: 100 } }).get(projects))).toBe('too_large')
    expect(server.received).toHaveLength(2)
  })

  it('waits as long as the provider asks, in its own header or the standard one', async () => {
    sequence(send(429, {}, { 'x-ratelimit-reset': '7', 'retry-after': '99' }), send(429, {}, { 'retry-after': '60' }), good)
    await reader().get(projects)
    expect(waits).toEqual([7000, 60_000])
  })

  it('leaves a longer wait to the caller', async () => {
    sequence(send(429, {}, { 'x-ratelimit-reset': '61' }))
    const error: unknown = await reader().get(projects).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'rate_limited', options: { status: 429, retryAfterSeconds: 61 } })
    expect(server.received).toHaveLength(1)
    expect(waits).toEqual([])
  })

  it('does not hammer when the provider asks for no wait, or for nonsense', async () => {
    sequence(send(429, {}, { 'x-ratelimit-reset': '0' }), send(429, {}, { 'x-ratelimit-reset': 'soon' }), good)
    await reader().get(projects)
    expect(waits).toEqual([500, 1000])
  })

  it('spreads its waits over half of the backoff', async () => {
    for (const [random, expected] of [[0, 250], [0.5, 375], [1, 500]] as const) {
      sequence(send(500), good)
      await reader({ random: () => random }).get(projects)
      expect(waits.at(-1)).toBe(expected)
    }
  })

  it('stops waiting when the caller stops', async () => {
    sequence(send(500))
    const stop = new AbortController()
    const attempt = createApiReader({ base: server.url, accessToken: token, fetch, retryAfter: () => null, signal: stop.signal, policy: { backoffMs: 60_000 } }).get(projects)
    setTimeout(() => stop.abort(), 50)
    await expect(attempt).rejects.toThrow(/abort/i)
    expect(server.received).toHaveLength(1)
  })

  it.each(['', 'two words', 'line\nbreak', 'ünïcode'])('refuses a token that no header may carry, without showing it: %j', (accessToken) => {
    expect(() => reader({ accessToken })).toThrow(/^The access token holds characters that no header may carry$/)
  })

  describe('of a list in pages', () => {
    interface Listed { items: number[], next: string | null }
    const listed: Endpoint<Listed> = {
      id: 'listed', path: () => '/v1/listed', schema: z.object({ items: z.array(z.number()), next: z.string().nullable() }), scope: 's',
      paging: cursorPaging<Listed>('cursor', page => page.next, pages => ({ items: pages.flatMap(page => page.items), next: null }), 2_000),
    }
    /** @param itemsOf what stands on a page; null: there is no such page */
    function listOf(itemsOf: (page: number) => number[] | null) {
      server.answer((request, response) => {
        const page = Number(new URL(request.url, server.url).searchParams.get('cursor') ?? 0)
        response.writeHead(200).end(JSON.stringify({ items: itemsOf(page) ?? [], next: itemsOf(page + 1) === null ? null : String(page + 1) }))
      })
    }
    async function goThrough(): Promise<number[]> {
      const all: number[] = []
      for await (const page of reader({ policy: { timeoutMs: 10_000 } }).pages(listed)) all.push(...page.items)
      return all
    }

    it('goes through all of it, also where some say nothing or the same', async () => {
      listOf(page => page < 80 ? page % 40 < 38 ? [] : [page] : null)
      expect(await goThrough()).toEqual([38, 39, 78, 79])
    })

    it.each([['the same', () => [1]], ['nothing', () => []]])('gives up on one that always says %s, under ever new addresses', async (_what, itemsOf) => {
      listOf(itemsOf)
      expect(await kindOf(goThrough())).toBe('unexpected_shape')
      expect(await kindOf(reader().get(listed))).toBe('unexpected_shape')
      expect(server.received.length).toBeLessThan(110)
    })

    it('gives up on one that always has something new', async () => {
      listOf(page => [page])
      expect(await kindOf(goThrough())).toBe('too_large')
      expect(server.received).toHaveLength(1_000)
    })
  })
})

describe('its limiter', () => {
  interface Seen { asked: string[], answered: (string | null)[], refused: (number | undefined)[] }
  function watched(permit?: () => never): Seen & { limiter: NonNullable<ApiReaderOptions['limiter']> } {
    const seen: Seen = { asked: [], answered: [], refused: [] }
    return {
      ...seen,
      limiter: {
        permit: async ({ endpoint, path, label, maxWaitMs }) => {
          permit?.()
          seen.asked.push(`${endpoint.id} ${path} ${label} ${maxWaitMs}`)
          return { answered: headers => void seen.answered.push(headers.get('x-left')), refused: seconds => void seen.refused.push(seconds) }
        },
      },
    }
  }

  it('is asked before each call, also the repeated one, and told what each answer said', async () => {
    sequence(send(500, {}, { 'x-left': '3' }), send(429, {}, { 'x-left': '0', 'retry-after': '2' }), send(200, [{ ref: 'a' }], { 'x-left': '9' }))
    const { limiter, asked, answered, refused } = watched()
    await reader({ limiter }).get(projects)
    expect(asked).toEqual(Array.from({ length: 3 }, () => 'projects /v1/projects GET /v1/projects 60000'))
    expect(answered).toEqual(['3', '0', '9'])
    expect(refused).toEqual([2])
  })

  it('hears of a refusal that no status tells, and of one that names no time', async () => {
    sequence(send(403), good)
    const { limiter, refused } = watched()
    await reader({ limiter, refusal: ({ status }) => status === 403 ? { kind: 'rate_limited' } : null }).get(projects)
    expect(refused).toEqual([undefined])
  })

  it('keeps the call from being made', async () => {
    sequence(good)
    const { limiter } = watched(() => { throw new ProviderError('rate_limited', 'GET /v1/projects', { retryAfterSeconds: 300 }) })
    await expect(reader({ limiter }).get(projects)).rejects.toMatchObject({ kind: 'rate_limited', options: { retryAfterSeconds: 300 } })
    expect(server.received).toEqual([])
  })

  it('may count nothing', async () => {
    sequence(good)
    await expect(reader({ limiter: { permit: async () => null } }).get(projects)).resolves.toEqual([{ ref: 'a' }])
  })
})
