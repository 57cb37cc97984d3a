/** Tokens of the operator's key under many calls at once: each is made once, replaced once, and tried again like any other call. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { ApiReader, Endpoint, Minting, MintingOrder } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { createApiReader, type ApiReaderOptions } from '#server/oauth/http'
import { mintingOf, proveKey } from '#server/oauth/mint'
import { mintedTokens } from '#server/oauth/minted-tokens'
import { clientAt, everythingIn, startServer, type Handler } from './support'

let server: Awaited<ReturnType<typeof startServer>>
let now: number
/** Numbers of minted tokens that are refused. */
let bad: Set<number>
/** Answers in the place of the next tokens. */
let instead: { status: number, headers?: Record<string, string> }[]
let made: number
let lifeMs: number
let bodies: string[]
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => {
  [bad, instead, made, lifeMs, bodies, now] = [new Set(), [], 0, 3_600_000, [], Date.now()]
  server.received.length = 0
  server.answer(respond)
})
afterEach(() => void vi.useRealTimers())

const own = 'own-0102030405'
const respond: Handler = ({ url, headers, body, method }, response) => {
  const bearer = headers.authorization?.replace('Bearer ', '') ?? ''
  const say = (status: number, value: unknown, more: Record<string, string> = {}) => void response.writeHead(status, more).end(JSON.stringify(value))
  if (url === '/proof') return say(bearer === 'signed by the key' ? 200 : 401, {})
  if (url === '/make') {
    const other = instead.shift()
    if (other) return say(other.status, {}, other.headers)
    if (method !== 'POST' || bearer !== 'signed by the key') return say(401, {})
    bodies.push(body)
    return say(201, { token: `made-${++made}`, ends: new Date(now + lifeMs).toISOString() })
  }
  const number = Number(/^made-(\d+)$/.exec(bearer)?.[1])
  return say(bearer === own || (number > 0 && !bad.has(number)) ? 200 : 401, {})
}

const order: MintingOrder = { path: '/make', body: { may: ['read'] }, detail: { minted_for: 'account 7' } }
const minting: Minting = {
  key: 'KEY',
  order: () => Promise.resolve(order),
  assertion: ({ key }) => {
    if (key === 'broken') throw new Error(`no key: ${key}`)
    return `signed by ${key}`
  },
  answer: z.object({ token: z.string(), ends: z.iso.datetime() }).transform(({ token, ends }) => ({ token, expiresAt: new Date(ends) })),
  proofPath: '/proof',
}
const clientOf = (changes: Partial<Minting> = {}, key = 'the key'): OAuthClient => ({ ...clientAt(server.url, { minting: { ...minting, ...changes } }), settings: { KEY: key } })

const thing: Endpoint<unknown> = { id: 'thing', path: () => '/thing', schema: z.unknown(), scope: 's', minted: true }
const noted = () => Promise.resolve()

async function open({ client = clientOf(), begins = true, ...more }: Partial<ApiReaderOptions> & { client?: OAuthClient, begins?: boolean } = {}) {
  const minted = mintedTokens(client)
  const api = createApiReader({ base: server.url, accessToken: own, minted, fetch, retryAfter: headers => Number(headers.get('retry-after')) || null, sleep: () => Promise.resolve(), random: () => 1, ...more })
  if (begins) await minted?.begin(api, noted)
  return { api, minted }
}
const asks = (api: ApiReader, times: number) => Promise.all(Array.from({ length: times }, () => api.get(thing).then(() => 'ok', (error: unknown) => error instanceof ProviderError ? error.kind : String(error))))
const ok = (times: number) => Array.from({ length: times }, () => 'ok')
const bearers = () => server.received.filter(call => call.url === '/thing').map(call => call.headers.authorization?.replace('Bearer ', ''))

describe('for calls at once', () => {
  it('one is made, with what it may do', async () => {
    const { api } = await open()
    expect(await asks(api, 8)).toEqual(ok(8))
    expect(bodies).toEqual(['{"may":["read"]}'])
    expect(new Set(bearers())).toEqual(new Set(['made-1']))
  })

  it('one that is refused is replaced once, and all go on; and so is the next one, later', async () => {
    const { api } = await open()
    await asks(api, 8)
    bad.add(1)
    expect(await asks(api, 8)).toEqual(ok(8))
    expect(made).toBe(2)
    bad.add(2)
    expect(await asks(api, 8)).toEqual(ok(8))
    expect(made).toBe(3)
  })

  it('one whose successor is refused as well is told, and no further one is made', async () => {
    bad = new Set([1, 2, 3, 4])
    const { api } = await open()
    expect(await asks(api, 8)).toEqual(Array.from({ length: 8 }, () => 'unauthorized'))
    expect(await asks(api, 8)).toEqual(Array.from({ length: 8 }, () => 'unauthorized'))
    expect(made).toBe(2)
  })

  it('one that is about to end is replaced once, before it is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now })
    const { api } = await open()
    await asks(api, 8)
    vi.advanceTimersByTime(58 * 60_000)
    await asks(api, 8)
    expect(made).toBe(1)
    vi.advanceTimersByTime(61_000)
    now = Date.now()
    expect(await asks(api, 8)).toEqual(ok(8))
    expect(made).toBe(2)
  })

  it.each([502, 429, 503])('one that could not be made, with a %s, is tried again', async (status) => {
    instead = [{ status }]
    const { api } = await open()
    expect(await asks(api, 8)).toEqual(ok(8))
    expect(made).toBe(1)
  })

  it('one that cannot be made for good fails each as any other call does', async () => {
    instead = Array.from({ length: 100 }, () => ({ status: 502 }))
    const { api } = await open()
    expect(await asks(api, 8)).toEqual(Array.from({ length: 8 }, () => 'server_error'))
    expect(server.received.length).toBeLessThanOrEqual(3 * 8)
  })
})

describe('a token is taken after the permit', () => {
  it('so that a wait of a minute does not outlive it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now })
    lifeMs = 100_000
    const { api } = await open({ limiter: { permit: () => {
      vi.advanceTimersByTime(60_000)
      now = Date.now()
      return Promise.resolve(null)
    } } })
    await api.get(thing)
    await api.get(thing)
    // 60 s on: the first has 40 s left.
    expect(bearers()).toEqual(['made-1', 'made-2'])
  })

  it('and anew after a backoff', async () => {
    let refusals = 1
    server.answer((request, response) => request.url === '/thing' && refusals-- > 0 ? void response.writeHead(503).end('{}') : respond(request, response))
    vi.useFakeTimers({ toFake: ['Date'], now })
    lifeMs = 100_000
    const { api } = await open({ sleep: () => {
      vi.advanceTimersByTime(60_000)
      now = Date.now()
      return Promise.resolve()
    } })
    await api.get(thing)
    expect(bearers()).toEqual(['made-1', 'made-2'])
  })
})

describe('none is made, and the grant\'s own serves,', () => {
  it.each<[string, () => Parameters<typeof open>[0]]>([
    ['before it was asked what for', () => ({ begins: false })],
    ['without a key', () => ({ client: { ...clientOf(), settings: {} } })],
  ])('%s', async (_, options) => {
    const { api } = await open(options())
    await api.get(thing)
    expect([made, bearers()]).toEqual([0, [own]])
  })

  it.each<[string, Minting['order']]>([
    ['where there is nothing to make them for', () => Promise.resolve(null)],
    ['where nobody could say what for', () => Promise.reject(new ProviderError('server_error', 'GET /who'))],
  ])('%s', async (_, ordering) => {
    const { api } = await open({ client: clientOf({ order: ordering }) })
    await api.get(thing)
    expect([made, bearers()]).toEqual([0, [own]])
  })

  it.each([404, 422])('where the provider says %s: what it was for is gone, or is not granted any more', async (status) => {
    instead = [{ status }]
    const { api } = await open()
    expect(await asks(api, 3)).toEqual(ok(3))
    expect([made, new Set(bearers())]).toEqual([0, new Set([own])])
  })

  it('for what does not say so', async () => {
    const { api } = await open()
    await api.get({ ...thing, minted: undefined })
    expect(bearers()).toEqual([own])
  })

  it('when it could not be written down', async () => {
    const { api, minted } = await open({ begins: false })
    const away = new Error('the log is away')
    await expect(minted?.begin(api, () => Promise.reject(away))).rejects.toBe(away)
    await api.get(thing)
    expect([made, bearers()]).toEqual([0, [own]])
  })
})

it.each(['account_missing', 'not_found'] as const)('that the grant does not reach it any more (%s) is told, and nothing is written down', async (kind) => {
  const { api, minted } = await open({ client: clientOf({ order: () => Promise.reject(new ProviderError(kind, 'GET /who')) }), begins: false })
  const note = vi.fn(noted)
  await expect(minted?.begin(api, note)).rejects.toMatchObject({ kind })
  expect(note).not.toHaveBeenCalled()
})

it.each(['another key', 'broken'])('with %s each call says that the operator has to mend it, and the provider is asked once', async (key) => {
  const { api } = await open({ client: clientOf({}, key) })
  const errors = await Promise.all(Array.from({ length: 8 }, () => api.get(thing).catch((error: unknown) => error)))
  for (const error of errors) {
    expect(error).toMatchObject({ kind: 'application_refused' })
    expect(everythingIn(error)).not.toContain(key)
  }
  await asks(api, 8)
  expect(server.received.length).toBe(key === 'broken' ? 0 : 1)
})

describe('proveKey', () => {
  const prove = async (client: OAuthClient) => {
    const keyed = mintingOf(client)
    if (keyed) await proveKey(client, keyed)
    return keyed?.key
  }

  it('asks once', async () => {
    expect(await prove(clientOf())).toBe('KEY')
    expect(server.received.map(call => `${call.method} ${call.url}`)).toEqual(['GET /proof'])
  })

  it('says that another key is the operator\'s to mend', async () => {
    await expect(prove(clientOf({}, 'another key'))).rejects.toMatchObject({ kind: 'application_refused' })
  })

  it('has nothing to ask without a key', async () => {
    expect(await prove({ ...clientOf(), settings: {} })).toBeUndefined()
    expect(server.received).toEqual([])
  })
})
