import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OAuth2 } from '#server/connectors/contract'
import { OAuthError } from '#server/errors'
import { exchangeCode } from '#server/oauth/exchange'
import { clientAt, everythingIn, startServer } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

const input = { code: 'the-code/+', codeVerifier: 'the-verifier' }
const exchange = (authorization: Partial<OAuth2> = {}) => exchangeCode(clientAt(server.url, authorization), input, { policy: { timeoutMs: 1_000 } })
const grant = { access_token: 'access-1', refresh_token: 'refresh-1', expires_in: 3600, token_type: 'Bearer' }

async function failure(attempt: Promise<unknown>): Promise<OAuthError> {
  const error: unknown = await attempt.then(() => new Error('it succeeded'), reason => reason)
  if (!(error instanceof OAuthError)) throw error
  for (const secret of ['the-code', 'the-verifier', 'sécret', 'access-1', 'refresh-1']) expect(everythingIn(error)).not.toContain(secret)
  return error
}

describe('exchangeCode', () => {
  it.each([200, 201, 203])('takes a grant with %i', async (status) => {
    server.reply(status, grant)
    expect(await exchange()).toEqual({ accessToken: 'access-1', refreshToken: 'refresh-1', expiresIn: 3600 })
  })

  it('asks as RFC 6749 wants it, with Basic authentication', async () => {
    server.reply(200, grant)
    await exchange()
    const [call] = server.received
    expect(call).toMatchObject({ method: 'POST', url: '/oauth/token', headers: { 'content-type': 'application/x-www-form-urlencoded', 'accept': 'application/json' } })
    expect(Object.fromEntries(new URLSearchParams(call?.body))).toEqual({
      grant_type: 'authorization_code', code: 'the-code/+', redirect_uri: 'https://app.example/api/auth/example/callback', code_verifier: 'the-verifier',
    })
    const [scheme, credentials = ''] = call?.headers.authorization?.split(' ') ?? []
    expect(scheme).toBe('Basic')
    expect(Buffer.from(credentials, 'base64').toString()).toBe('client+id%3A1:s%C3%A9cret%2B%2F%25')
  })

  it('puts the client into the body where the provider wants it there, and leaves PKCE off', async () => {
    server.reply(200, grant)
    await exchange({ clientAuthentication: 'body', pkce: 'none' })
    expect(server.received[0]?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({
      grant_type: 'authorization_code', code: 'the-code/+', redirect_uri: 'https://app.example/api/auth/example/callback', client_id: 'client id:1', client_secret: 'sécret+/%',
    })
  })

  it('makes no call without the verifier that PKCE needs', async () => {
    await expect(exchangeCode(clientAt(server.url), { code: 'c', codeVerifier: null })).rejects.toThrow(TypeError)
    expect(server.received).toHaveLength(0)
  })

  it.each<[string, number, unknown, string, string]>([
    ['a refused code', 400, { error: 'invalid_grant', error_description: 'the-code' }, 'dead_grant', 'invalid_grant'],
    ['a refused client', 401, { error: 'invalid_client' }, 'our_application', 'invalid_client'],
    ['a refusal that claims success', 200, { error: 'bad_verification_code' }, 'dead_grant', 'grant_rejected'],
    ['an outage', 503, '<html>', 'passing', 'server_error'],
    ['a gateway\'s page', 200, '<html>', 'passing', 'not_json'],
    ['an empty success', 200, '', 'passing', 'not_json'],
    ['no access token', 200, { token_type: 'Bearer' }, 'passing', 'unexpected_shape'],
    ['an access token that no header may carry', 200, { access_token: 'a b\n' }, 'passing', 'unexpected_shape'],
    ['a refresh token that is no token', 200, { access_token: 'a', refresh_token: '' }, 'passing', 'unexpected_shape'],
    ['another shape', 200, ['access-1'], 'passing', 'unexpected_shape'],
    ['a redirect', 302, '', 'passing', 'redirected'],
  ])('%s is %s', async (_, status, body, expected, code) => {
    server.reply(status, body, { location: '/elsewhere' })
    expect(await failure(exchange())).toMatchObject({ failure: expected, oauthError: code })
    expect(server.received).toHaveLength(1)
  })

  it('a provider that is slow, away or cut off is passing, and a code is never sent twice', async () => {
    server.answer(() => undefined)
    expect(await failure(exchange())).toMatchObject({ failure: 'passing', oauthError: 'timeout' })
    server.answer((_, response) => void response.destroy())
    expect(await failure(exchange())).toMatchObject({ failure: 'passing', oauthError: 'unreachable' })
    expect(server.received).toHaveLength(2)
  })
})
