import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OAuth2 } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import { endGrant, revocationPolicy, revokeGrant, type EndGrantOptions } from '#server/oauth/revoke'
import { clientAt, everythingIn, startServer } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

type Revocation = NonNullable<OAuth2['revocation']>
const json: Revocation = {
  path: '/oauth/revoke', alreadyGone: [404, 410], alreadyGoneErrors: ['token_revoked', 'invalid_auth'], covers: ['access_token', 'refresh_token'], ends: 'tokens',
  request: ({ clientId, clientSecret, refreshToken = '' }) => ({ encoding: 'json', body: { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken } }),
}
const form = (authorization: 'basic' | 'bearer'): Revocation => ({
  path: '/oauth/revoke', alreadyGone: [], covers: ['access_token'], ends: 'tokens', request: ({ accessToken }) => ({ encoding: 'form', body: { token: accessToken }, authorization }),
})
const tokens = { accessToken: 'access-1', refreshToken: 'refresh-1' }
const revoke = (revocation: OAuth2['revocation'] = json) => revokeGrant(clientAt(server.url, { revocation }), tokens, { policy: { timeoutMs: 1_000 } })

describe('revokeGrant', () => {
  it.each([200, 202, 204])('%i means revoked, whatever the body', async (status) => {
    server.reply(status, status === 204 ? '' : 'OK')
    expect(await revoke()).toBe('revoked')
  })

  it('sends JSON where the connector says so, and the credentials nowhere else', async () => {
    server.reply(204, '')
    await revoke()
    expect(server.received[0]).toMatchObject({ method: 'POST', url: '/oauth/revoke', headers: { 'content-type': 'application/json' } })
    expect(server.received[0]?.headers.authorization).toBeUndefined()
    expect(JSON.parse(server.received[0]?.body ?? '')).toEqual({ client_id: 'client id:1', client_secret: 'sécret+/%', refresh_token: 'refresh-1' })
  })

  it('sends a form, with Basic or Bearer', async () => {
    server.reply(200)
    await revoke(form('basic'))
    await revoke(form('bearer'))
    expect(server.received.map(call => [call.body, call.headers['content-type']])).toEqual([['token=access-1', 'application/x-www-form-urlencoded'], ['token=access-1', 'application/x-www-form-urlencoded']])
    expect(server.received[0]?.headers.authorization).toMatch(/^Basic /)
    expect(server.received[1]?.headers.authorization).toBe('Bearer access-1')
  })

  it('sends no body where the connector has none for it', async () => {
    server.reply(204, '')
    await revoke({ method: 'DELETE', path: ({ facts }) => `/grants/${facts.id ?? 'none'}`, alreadyGone: [], covers: ['access_token'], ends: 'tokens', request: () => ({ encoding: 'json', body: {}, authorization: 'bearer' }) })
    expect(server.received[0]).toMatchObject({ method: 'DELETE', url: '/grants/none', body: '', headers: { authorization: 'Bearer access-1' } })
    expect(server.received[0]?.headers['content-type']).toBeUndefined()
  })

  it.each([404, 410])('%i means already gone where the connector says so', async (status) => {
    server.reply(status)
    expect(await revoke()).toBe('already_gone')
    await expect(revoke(form('basic'))).rejects.toBeInstanceOf(ProviderError)
  })

  it.each([[200, { ok: false, error: 'token_revoked' }], [200, { error: { code: 'invalid_auth' } }], [400, { error: 'token_revoked' }], [401, { error: 'invalid_auth' }]])('%i %j means already gone where the connector says so', async (status, body) => {
    server.reply(status, body)
    expect(await revoke()).toBe('already_gone')
    await expect(revoke(form('basic'))).rejects.toBeInstanceOf(ProviderError)
  })

  it('takes no word of a success for a refusal', async () => {
    server.reply(200, { ok: true, code: 'token_revoked' })
    expect(await revoke()).toBe('revoked')
  })

  it('makes no call where the provider offers none', async () => {
    expect(await revokeGrant(clientAt(server.url, { revocation: null }), tokens)).toBe('not_supported')
    expect(server.received).toHaveLength(0)
  })

  it.each<[number, unknown, string]>([
    [400, {}, 'refused'], [401, {}, 'unauthorized'], [403, {}, 'forbidden'], [429, {}, 'rate_limited'], [500, '<html>', 'server_error'], [302, '', 'redirected'],
    [200, { ok: false, error: 'method_not_supported' }, 'refused'], [200, { error: 'x' }, 'refused'],
  ])('%i %j is an error: %s', async (status, body, kind) => {
    server.reply(status, body, { location: '/x' })
    const error: unknown = await revoke().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind, call: 'POST /oauth/revoke' })
    expect(everythingIn(error)).not.toMatch(/access-1|refresh-1|sécret/)
  })

  it('waits no longer than the policy', async () => {
    server.answer(() => undefined)
    await expect(revoke()).rejects.toMatchObject({ kind: 'timeout' })
  })
})

describe('endGrant', () => {
  /** A clock that only waiting moves, and the waits. */
  function clock() {
    let time = 1_000_000
    const waits: number[] = []
    return {
      waits,
      pass: (milliseconds: number) => { time += milliseconds },
      options: (): EndGrantOptions => ({
        now: () => time, random: () => 1, policy: { timeoutMs: 1_000 },
        sleep: async (milliseconds) => { waits.push(milliseconds); time += milliseconds },
      }),
    }
  }
  const end = (options: EndGrantOptions, revocation: OAuth2['revocation'] = json) => endGrant(clientAt(server.url, { revocation }), tokens, options)
  /** Answers with these, one after the other. */
  function replies(...answers: [status: number, headers?: Record<string, string>][]) {
    server.answer((_, response) => {
      const [status, headers = {}] = answers.shift() ?? [204]
      response.writeHead(status, headers).end()
    })
  }

  it('is done after one call', async () => {
    server.reply(204, '')
    expect(await end(clock().options())).toEqual({ outcome: 'revoked', attempts: 1, at: new Date(1_000_000) })
    server.reply(404, '')
    expect(await end(clock().options())).toMatchObject({ outcome: 'already_gone', attempts: 1 })
    expect(await end(clock().options(), null)).toMatchObject({ outcome: 'not_supported', attempts: 0 })
    expect(server.received).toHaveLength(2)
  })

  it.each([500, 502, 503, 429])('tries again after %i, and says how often', async (status) => {
    const { options, waits } = clock()
    replies([status], [status])
    expect(await end(options())).toMatchObject({ outcome: 'revoked', attempts: 3 })
    expect(waits).toEqual([400, 800])
  })

  it('tries three times and no more', async () => {
    server.reply(500)
    expect(await end(clock().options())).toMatchObject({ outcome: 'failed', attempts: 3, reason: 'server_error' })
    expect(server.received).toHaveLength(3)
  })

  it.each<[number, unknown, string]>([[400, {}, 'refused'], [401, {}, 'unauthorized'], [403, {}, 'forbidden'], [302, '', 'redirected'], [200, { ok: false, error: 'method_not_supported' }, 'refused']])(
    'does not try %i %j again', async (status, body, reason) => {
      server.reply(status, body, { location: '/x' })
      expect(await end(clock().options())).toMatchObject({ outcome: 'failed', attempts: 1, reason })
      expect(server.received).toHaveLength(1)
    })

  it('tries again when a 200 says that it will pass', async () => {
    server.reply(200, { ok: false, error: 'ratelimited' })
    expect(await end(clock().options())).toMatchObject({ outcome: 'failed', attempts: 3, reason: 'server_error' })
  })

  it('waits as long as it is asked to, if that is within the bound', async () => {
    const { options, waits } = clock()
    replies([429, { 'retry-after': '5' }])
    expect(await end(options())).toMatchObject({ outcome: 'revoked', attempts: 2 })
    expect(waits).toEqual([5_000])
    replies([429, { 'retry-after': '60' }])
    expect(await end(options())).toMatchObject({ outcome: 'failed', attempts: 1, reason: 'rate_limited' })
    expect(waits).toEqual([5_000])
  })

  it('jitters', async () => {
    const { options, waits } = clock()
    server.reply(500)
    await end({ ...options(), random: () => 0 })
    expect(waits).toEqual([200, 400])
  })

  it('ends within its bound, whoever is slow', async () => {
    const { options, pass } = clock()
    server.answer((_, response) => {
      pass(revocationPolicy.budgetMs - 800)
      response.writeHead(500).end()
    })
    expect(await end(options())).toMatchObject({ outcome: 'failed', attempts: 1, reason: 'server_error' })
    const late = clock()
    expect(await end({ ...late.options(), deadline: 1_000_400 })).toMatchObject({ outcome: 'failed', attempts: 0, reason: 'out_of_time' })
    server.answer(() => undefined)
    expect(await end(clock().options())).toMatchObject({ outcome: 'failed', attempts: 3, reason: 'timeout' })
  })

  it('gives a call no more time than is left', async () => {
    server.answer(() => undefined)
    expect(await endGrant(clientAt(server.url, { revocation: json }), tokens, { deadline: Date.now() + 700, sleep: async () => undefined })).toMatchObject({ outcome: 'failed', attempts: 1 })
  })
})
