import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { refreshGrant } from '#server/oauth/refresh'
import { clientAt, startServer } from './support'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())
beforeEach(() => { server.received.length = 0 })

describe('refreshGrant', () => {
  it('redeems the refresh token once', async () => {
    server.reply(201, { access_token: 'a2', refresh_token: 'r2', expires_in: 60 })
    expect(await refreshGrant(clientAt(server.url), 'r1+/=')).toEqual({ accessToken: 'a2', refreshToken: 'r2', expiresIn: 60 })
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({ grant_type: 'refresh_token', refresh_token: 'r1+/=' })
    expect(server.received[0]?.headers.authorization).toMatch(/^Basic /)
  })

  it('leaves out what the provider left out', async () => {
    server.reply(200, { access_token: 'a2' })
    expect(await refreshGrant(clientAt(server.url), 'r1')).toEqual({ accessToken: 'a2' })
  })

  it('takes a refresh token that comes back as it was sent for none: the old one stays', async () => {
    server.reply(200, { access_token: 'a2', refresh_token: 'r1', expires_in: 60 })
    expect(await refreshGrant(clientAt(server.url), 'r1')).toEqual({ accessToken: 'a2', expiresIn: 60 })
  })

  it.each([[400, { message: 'Invalid refresh token' }, 'dead_grant'], [401, { message: 'Unauthorized' }, 'dead_grant'], [401, { error: 'invalid_client' }, 'our_application'], [500, {}, 'passing'], [429, {}, 'passing']])(
    '%i %j is %s, and is not tried again', async (status, body, failure) => {
      server.reply(status, body)
      await expect(refreshGrant(clientAt(server.url), 'r1')).rejects.toMatchObject({ failure })
      expect(server.received).toHaveLength(1)
    })

  it('stops when the caller does, with the caller\'s reason', async () => {
    server.answer(() => undefined)
    const reason = new Error('lease lost')
    await expect(refreshGrant(clientAt(server.url), 'r1', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })
})
