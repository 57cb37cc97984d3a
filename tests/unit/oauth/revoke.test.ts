import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OAuth2 } from '#server/connectors/contract'
import { ProviderError } from '#server/errors'
import { revokeGrant } from '#server/oauth/revoke'
import { clientAt, everythingIn, startServer } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

type Revocation = NonNullable<OAuth2['revocation']>
const json: Revocation = {
  path: '/oauth/revoke', alreadyGone: [404, 410], alreadyGoneErrors: ['token_revoked', 'invalid_auth'], covers: ['access_token', 'refresh_token'],
  request: ({ clientId, clientSecret, refreshToken = '' }) => ({ encoding: 'json', body: { client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken } }),
}
const form = (authorization: 'basic' | 'bearer'): Revocation => ({
  path: '/oauth/revoke', alreadyGone: [], covers: ['access_token'], request: ({ accessToken }) => ({ encoding: 'form', body: { token: accessToken }, authorization }),
})
const tokens = { accessToken: 'access-1', refreshToken: 'refresh-1' }
const revoke = (revocation: OAuth2['revocation'] = json) => revokeGrant(clientAt(server.url, { revocation }), tokens, { policy: { timeoutMs: 300 } })

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

  it.each([404, 410])('%i means already gone where the connector says so', async (status) => {
    server.reply(status)
    expect(await revoke()).toBe('already_gone')
    await expect(revoke(form('basic'))).rejects.toBeInstanceOf(ProviderError)
  })

  it('makes no call where the provider offers none', async () => {
    expect(await revokeGrant(clientAt(server.url, { revocation: null }), tokens)).toBe('not_supported')
    expect(server.received).toHaveLength(0)
  })

  it.each<[number, unknown, string]>([
    [400, {}, 'refused'], [401, {}, 'unauthorized'], [403, {}, 'forbidden'], [429, {}, 'rate_limited'], [500, '<html>', 'server_error'], [302, '', 'redirected'],
    [200, { ok: false, error: 'fatal_error' }, 'refused'], [200, { error: 'x' }, 'refused'],
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
