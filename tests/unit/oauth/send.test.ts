import { getEventListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ProviderError } from '#server/errors'
import { callPolicy, sendRequest, userAgent, type Call } from '#server/oauth/send'
import { everythingIn, startServer } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

const secret = 'sbp_0102030405060708'
const call = (more: Partial<Call> = {}) => sendRequest({
  method: 'GET', base: server.url, path: '/v1/projects?code=abc', fetch, headers: { authorization: `Bearer ${secret}` }, policy: { timeoutMs: 1_000, maxBytes: 100_000 }, ...more,
})

async function failure(attempt: Promise<unknown>): Promise<ProviderError> {
  const error: unknown = await attempt.then(() => new Error('it succeeded'), reason => reason)
  if (!(error instanceof ProviderError)) throw error
  expect(everythingIn(error)).not.toContain(secret)
  expect(everythingIn(error)).not.toContain('code=abc')
  expect(error.call).toBe('GET /v1/projects')
  return error
}

describe('sendRequest', () => {
  it('has the limits that were promised', () => expect(callPolicy).toEqual({ timeoutMs: 10_000, maxBytes: 5 * 1024 * 1024 }))

  it('names the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
    expect(userAgent, 'To fix: set it in server/oauth/send.ts').toBe(`AllyShip-Integrations/${version}`)
  })

  it('sends what it was given and parses the answer, whatever its content type', async () => {
    server.reply(201, { a: 1 }, { 'content-type': 'text/plain', 'x-ratelimit-reset': '7' })
    const answer = await call({ method: 'POST', body: 'x=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } })
    expect(answer).toMatchObject({ status: 201, body: { kind: 'json', value: { a: 1 } }, call: 'POST /v1/projects' })
    expect(answer.headers.get('x-ratelimit-reset')).toBe('7')
    expect(server.received[0]).toMatchObject({ method: 'POST', url: '/v1/projects?code=abc', body: 'x=1', headers: { 'user-agent': userAgent, 'accept': 'application/json' } })
  })

  it.each([200, 400, 401, 404, 429, 500, 503])('gives a JSON body with status %i', async (status) => {
    server.reply(status, { error: 'x' })
    expect(await call()).toMatchObject({ status, body: { kind: 'json', value: { error: 'x' } } })
  })

  it.each([['<html>', 'other'], ['', 'empty'], ['  \n', 'empty'], ['{"a":', 'other'], ['null', 'json'], ['1', 'json']])('body %j of a refusal is %s', async (body, kind) => {
    server.reply(502, body)
    expect((await call()).body.kind).toBe(kind)
  })

  it.each(['<!doctype html><p>Sign in</p>', '', '{"a":1', 'undefined'])('a success that is no JSON is not_json: %j', async (body) => {
    server.reply(200, body, { 'content-type': 'application/json' })
    expect(await failure(call())).toMatchObject({ kind: 'not_json', options: { status: 200 } })
    expect(await call({ expect: 'any' })).toMatchObject({ status: 200 })
  })

  it.each([301, 302, 303, 307, 308])('never follows a %i', async (status) => {
    server.reply(status, '', { location: `${server.url}/elsewhere?token=${secret}` })
    expect(await failure(call())).toMatchObject({ kind: 'redirected', options: { status } })
    expect(server.received.map(item => item.url)).toEqual(['/v1/projects?code=abc'])
  })

  it('gives up on a server that never answers', async () => {
    server.answer(() => undefined)
    expect(await failure(call())).toMatchObject({ kind: 'timeout' })
  })

  it('gives up on a body that drips', async () => {
    server.answer((_, response) => {
      response.writeHead(200).write('{"a":')
      const drip = setInterval(() => response.write(' '), 50)
      response.on('close', () => clearInterval(drip))
    })
    expect(await failure(call())).toMatchObject({ kind: 'timeout' })
  })

  it('gives up on a fetch that does not heed its signal', async () => {
    expect(await failure(call({ fetch: () => new Promise(() => undefined) }))).toMatchObject({ kind: 'timeout' })
  })

  it('counts bytes while they come, and believes no content-length', async () => {
    let sent = 0
    server.answer((_, response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(20_000, 32)
      const pump = () => {
        if (sent > 50_000_000 || response.destroyed) return
        sent += chunk.length
        response.write(chunk, () => setImmediate(pump))
      }
      pump()
    })
    expect(await failure(call({ policy: { timeoutMs: 5000, maxBytes: 100_000 } }))).toMatchObject({ kind: 'too_large' })
    expect(sent).toBeLessThan(50_000_000)
  })

  it('takes exactly as much as it may', async () => {
    server.reply(200, `"${'x'.repeat(99_998)}"`)
    expect((await call()).body.kind).toBe('json')
    server.reply(200, `"${'x'.repeat(99_999)}"`)
    expect(await failure(call())).toMatchObject({ kind: 'too_large' })
  })

  it('counts a compressed bomb by what comes out of it', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000, 32))
    expect(bomb.length).toBeLessThan(100_000)
    server.answer((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb))
    expect(await failure(call({ policy: { timeoutMs: 5000, maxBytes: 100_000 } }))).toMatchObject({ kind: 'too_large' })
  })

  it.each<[string, (destroy: () => void, write: (text: string) => void) => void]>([
    ['before an answer', destroy => destroy()],
    ['in the middle of a body', (destroy, write) => { write('{"a":'); setTimeout(destroy, 20) }],
  ])('calls a connection that breaks %s unreachable', async (_, act) => {
    server.answer((_request, response) => act(() => response.destroy(), text => response.write(text)))
    expect(await failure(call())).toMatchObject({ kind: 'unreachable' })
  })

  it('calls a closed port unreachable, with the reason\'s code only', async () => {
    const error = await failure(call({ base: 'http://127.0.0.1:1' }))
    expect(error.kind).toBe('unreachable')
    expect(error.cause).toMatchObject({ message: expect.stringMatching(/^[A-Z_]+$|^TypeError$/) })
  })

  it('leaks no header that the network stack quotes', async () => {
    expect(await failure(call({ headers: { authorization: `Bearer ${secret}\nx` } }))).toMatchObject({ kind: 'unreachable' })
  })

  it('stops when the caller does, with the caller\'s reason', async () => {
    server.answer(() => undefined)
    const stop = new AbortController()
    const reason = new Error('shutting down')
    setTimeout(() => stop.abort(reason), 20)
    await expect(call({ signal: stop.signal })).rejects.toBe(reason)
    await expect(call({ signal: stop.signal })).rejects.toBe(reason)
    expect(server.received).toHaveLength(1)
  })

  it('leaves nothing on a signal that outlives the call', async () => {
    const caller = new AbortController()
    const signals: AbortSignal[] = [caller.signal]
    const answering: typeof fetch = async (_url, init) => {
      if (init?.signal) signals.push(init.signal)
      return Response.json({})
    }
    await sendRequest({ method: 'GET', base: 'https://api.example.com', path: '/x', fetch: answering, signal: caller.signal })
    expect(signals.map(signal => getEventListeners(signal, 'abort').length)).toEqual([0, 0])
  })

  it('makes no call that leaves its base', async () => {
    await expect(call({ path: '//127.0.0.1:1/x' })).rejects.toThrow(TypeError)
    expect(server.received).toHaveLength(0)
  })
})
