import { describe, expect, it } from 'vitest'
import { clock } from '../supabase/browser'
import { basic, clientId, clientSecret, halyard, openSandbox, redirectUri, request } from './browser'

const halfDay = 43_200

async function pending(browser = openSandbox()) {
  return { browser, fields: { grant_type: 'authorization_code', code: await browser.approvedCode(request()), redirect_uri: redirectUri } }
}

async function errorOf(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(200)
  return Reflect.get(Object(await answer.json()), 'error')
}

describe('redeeming a code', () => {
  it('gives the app\'s token and the person\'s, each with a refresh token of its own', async () => {
    const answer = await openSandbox().exchange()
    expect(answer).toEqual({
      ok: true, app_id: expect.any(String) as string, bot_user_id: expect.any(String) as string, enterprise: null, is_enterprise_install: false, team: { id: 'T07BRGHTWTR0', name: 'Brightwater Labs' },
      access_token: expect.stringMatching(/^xoxe\.xoxb-/) as string, refresh_token: expect.stringMatching(/^xoxe-/) as string, expires_in: halfDay, token_type: 'bot',
      scope: 'team:read,users:read,team.preferences:read,channels:read,groups:read',
      authed_user: { id: expect.stringMatching(/^U/) as string, access_token: expect.stringMatching(/^xoxe\.xoxp-/) as string, refresh_token: expect.stringMatching(/^xoxe-/) as string, expires_in: halfDay, token_type: 'user', scope: 'users:read' },
    })
  })

  it('gives tokens that do not end where the app has no rotation', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, accessTokenLifetimeSeconds: null })
    const tokens = await browser.connect()
    expect(tokens.access_token).toMatch(/^xoxb-/)
    expect([tokens.refresh_token, tokens.expires_in, tokens.authed_user.refresh_token]).toEqual(['', undefined, ''])
    time.advance(10 * 365 * 86_400)
    expect(await browser.call('/api/auth.test', tokens.access_token)).toMatchObject({ ok: true })
    expect(await errorOf(await browser.refresh('x'))).toBe('invalid_grant_type')
  })

  it('gives no token of the app\'s where only a person\'s permissions were asked for, and the other way round', async () => {
    const browser = openSandbox()
    expect(await browser.exchange(undefined, { scope: '' })).not.toHaveProperty('access_token')
    expect(await browser.exchange(undefined, { user_scope: '' })).toMatchObject({ authed_user: { id: expect.any(String) as string } })
    expect(await browser.exchange(undefined, { user_scope: '' })).not.toHaveProperty('authed_user.access_token')
  })

  it('is for an organization where that was chosen', async () => {
    expect(await openSandbox().exchange(halyard)).toMatchObject({ team: null, enterprise: { id: halyard }, is_enterprise_install: true })
  })

  it('takes the client\'s credentials in the body too', async () => {
    const { browser, fields } = await pending()
    expect(await (await browser.token({ ...fields, client_id: clientId, client_secret: clientSecret }, {})).json()).toMatchObject({ ok: true })
  })

  it.each([
    ['another redirect address', { redirect_uri: `${redirectUri}/` }, 'bad_redirect_uri'],
    ['no redirect address', { redirect_uri: '' }, 'bad_redirect_uri'],
    ['another code', { code: 'code_made_up' }, 'invalid_code'],
    ['no code', { code: '' }, 'invalid_code'],
    ['another grant type', { grant_type: 'password' }, 'invalid_grant_type'],
    ['a verifier', { code_verifier: 'a'.repeat(43) }, 'pkce_not_allowed'],
    ['a field nobody knows', { extra: '1' }, 'invalid_arguments'],
  ])('is refused under a 200 with %s', async (_name, changes, error) => {
    const { browser, fields } = await pending()
    expect(await errorOf(await browser.token({ ...fields, ...changes }))).toBe(error)
  })

  it.each([
    ['a wrong secret', { authorization: basic(clientId, 'wrong') }, 'bad_client_secret'],
    ['no credentials', {}, 'invalid_client_id'],
    ['a Bearer', { authorization: 'Bearer x' }, 'invalid_client_id'],
  ])('is refused with %s, and leaves the code alive', async (_name, headers, error) => {
    const { browser, fields } = await pending()
    expect(await errorOf(await browser.token(fields, headers as Record<string, string>))).toBe(error)
    expect(await (await browser.token(fields)).json()).toMatchObject({ ok: true })
  })

  it('refuses JSON, GET, a repeated field and credentials in both places', async () => {
    const { browser, fields } = await pending()
    expect(await errorOf(await browser.send('/api/oauth.v2.access', { method: 'POST', body: JSON.stringify(fields), headers: { 'content-type': 'application/json', 'authorization': basic() } }))).toBe('invalid_post_type')
    expect(await errorOf(await browser.send('/api/oauth.v2.access'))).toBe('invalid_post_type')
    const twice = { method: 'POST', body: new URLSearchParams([...Object.entries(fields), ['code', 'x']]), headers: { authorization: basic() } }
    expect(await errorOf(await browser.send('/api/oauth.v2.access', twice))).toBe('invalid_arguments')
    expect(await errorOf(await browser.token({ ...fields, client_id: clientId, client_secret: clientSecret }))).toBe('invalid_arguments')
  })

  it('happens once: a second use ends the tokens of the first', async () => {
    const { browser, fields } = await pending()
    const first: unknown = await (await browser.token(fields)).json()
    const accessToken = String(Reflect.get(Object(first), 'access_token'))
    expect(await errorOf(await browser.token(fields))).toBe('invalid_code')
    expect(await browser.call('/api/auth.test', accessToken)).toEqual({ ok: false, error: 'token_revoked' })
  })

  it('comes too late after ten minutes', async () => {
    const time = clock()
    const { browser, fields } = await pending(openSandbox({ now: time.now }))
    time.advance(600)
    expect(await errorOf(await browser.token(fields))).toBe('invalid_code')
  })
})

describe('refreshing', () => {
  it('renews one chain at a time, at the top of the answer', async () => {
    const browser = openSandbox()
    const first = await browser.connect()
    const bot: unknown = await (await browser.refresh(first.refresh_token)).json()
    expect(bot).toMatchObject({ ok: true, token_type: 'bot', team: { id: 'T07BRGHTWTR0' } })
    expect(bot).not.toHaveProperty('authed_user')
    const person = await browser.refreshed(first.authed_user.refresh_token)
    expect(person).toMatchObject({ token_type: 'user', scope: 'users:read', expires_in: halfDay })
    expect(person.refresh_token).not.toBe(first.authed_user.refresh_token)
    expect(await browser.call('/api/users.list?limit=1', person.access_token)).toMatchObject({ ok: true, members: [expect.anything()] })
  })

  it('leaves the old access token to its end, which is then told', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const first = await browser.connect()
    time.advance(halfDay - 60)
    const second = await browser.refreshed(first.refresh_token)
    expect(await browser.call('/api/auth.test', first.access_token)).toMatchObject({ ok: true })
    time.advance(60)
    expect(await browser.call('/api/auth.test', first.access_token)).toEqual({ ok: false, error: 'token_expired' })
    expect(await browser.call('/api/auth.test', second.access_token)).toMatchObject({ ok: true })
  })

  it('a hundred times at once has one winner, and then none', async () => {
    const browser = openSandbox()
    const { refresh_token } = await browser.connect()
    const answers = await Promise.all(Array.from({ length: 100 }, async (): Promise<unknown> => (await browser.refresh(refresh_token)).json()))
    expect(answers.filter(answer => Reflect.get(Object(answer), 'ok') === true)).toHaveLength(1)
    expect(await errorOf(await browser.refresh(refresh_token))).toBe('invalid_refresh_token')
  })

  it.each(['', 'xoxe-1-sandbox-made-up'])('is refused with %j', async (refreshToken) => {
    expect(await errorOf(await openSandbox().refresh(refreshToken))).toBe('invalid_refresh_token')
  })
})

describe('revoking', () => {
  it('ends one chain and not the other', async () => {
    const browser = openSandbox()
    const { access_token, refresh_token, authed_user } = await browser.connect()
    expect(await browser.revoke(authed_user.access_token)).toEqual({ ok: true, revoked: true })
    expect(await browser.call('/api/auth.test', authed_user.access_token)).toEqual({ ok: false, error: 'token_revoked' })
    expect(await errorOf(await browser.refresh(authed_user.refresh_token))).toBe('invalid_refresh_token')
    expect(await browser.call('/api/auth.test', access_token)).toMatchObject({ ok: true })
    expect(await browser.revoke(access_token)).toEqual({ ok: true, revoked: true })
    expect(await browser.revoke(access_token)).toEqual({ ok: false, error: 'token_revoked' })
    expect(await errorOf(await browser.refresh(refresh_token))).toBe('invalid_refresh_token')
  })

  it('leaves other grants alone, and a trial everything', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    expect(await browser.revoke(mine.access_token, { test: '1' })).toEqual({ ok: true, revoked: false })
    expect(await browser.call('/api/auth.test', mine.access_token)).toMatchObject({ ok: true })
    await browser.revoke(mine.access_token)
    expect(await browser.call('/api/auth.test', other.access_token)).toMatchObject({ ok: true })
  })

  it('tells a token that ended from one that was revoked and one that never was', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const { access_token } = await browser.connect()
    time.advance(halfDay)
    expect(await browser.revoke(access_token)).toEqual({ ok: false, error: 'token_expired' })
    expect(await browser.revoke('xoxb-made-up')).toEqual({ ok: false, error: 'invalid_auth' })
  })
})
