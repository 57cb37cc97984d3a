import { describe, expect, it } from 'vitest'
import { basic, clientId, clientSecret, clock, openSandbox, redirectUri, request, type Tokens } from './browser'

async function pending(browser = openSandbox()) {
  const { verifier, parameters } = request()
  const code = await browser.approvedCode(parameters)
  return { browser, fields: { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier } }
}

describe('redeeming a code', () => {
  it('gives tokens that the API takes', async () => {
    const browser = openSandbox()
    const tokens = await browser.connect()
    expect(tokens).toEqual({
      access_token: expect.any(String), refresh_token: expect.any(String), expires_in: 3600, token_type: 'Bearer', project_refs: null, scope: expect.stringContaining('auth:read'),
    })
    expect((await browser.get('/v1/projects', tokens.access_token)).status).toBe(200)
  })

  it('takes the client\'s credentials in the body too', async () => {
    const { browser, fields } = await pending()
    expect((await browser.token({ ...fields, client_id: clientId, client_secret: clientSecret }, {})).status).toBe(200)
  })

  it.each([
    ['another verifier', { code_verifier: 'a'.repeat(43) }],
    ['no verifier', { code_verifier: '' }],
    ['a short verifier', { code_verifier: 'abc' }],
    ['another redirect address', { redirect_uri: `${redirectUri}/` }],
    ['no redirect address', { redirect_uri: '' }],
    ['another code', { code: 'code_made_up' }],
    ['another grant type', { grant_type: 'password' }],
    ['a field nobody knows', { extra: '1' }],
  ])('is refused with %s', async (_name, changes) => {
    const { browser, fields } = await pending()
    const answer = await browser.token({ ...fields, ...changes })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ message: expect.any(String) })
  })

  it.each([
    ['a wrong secret', { authorization: basic(clientId, 'wrong') }],
    ['a wrong client', { authorization: basic('00000000-0000-4000-8000-000000000000') }],
    ['no credentials', {}],
    ['a Bearer', { authorization: 'Bearer x' }],
    ['no base64', { authorization: 'Basic ***' }],
    ['a secret that is not form-encoded', { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` }],
  ])('is 401 with %s, and leaves the code alive', async (_name, headers) => {
    const { browser, fields } = await pending()
    expect((await browser.token(fields, headers as Record<string, string>)).status).toBe(401)
    expect((await browser.token(fields)).status).toBe(200)
  })

  it('refuses credentials in both places', async () => {
    const { browser, fields } = await pending()
    expect((await browser.token({ ...fields, client_id: clientId, client_secret: clientSecret })).status).toBe(400)
  })

  it('refuses JSON, GET and a repeated field', async () => {
    const { browser, fields } = await pending()
    const json = { method: 'POST', body: JSON.stringify(fields), headers: { 'content-type': 'application/json', 'authorization': basic() } }
    expect((await browser.send('/v1/oauth/token', json)).status).toBe(400)
    expect((await browser.send('/v1/oauth/token')).status).toBe(405)
    const twice = { method: 'POST', body: new URLSearchParams([...Object.entries(fields), ['code', 'x']]), headers: { authorization: basic() } }
    expect((await browser.send('/v1/oauth/token', twice)).status).toBe(400)
  })

  it('happens once: a second use ends the tokens of the first', async () => {
    const { browser, fields } = await pending()
    const tokens: Tokens = await (await browser.token(fields)).json()
    expect((await browser.token(fields)).status).toBe(400)
    expect((await browser.get('/v1/projects', tokens.access_token)).status).toBe(401)
    expect((await browser.refresh(tokens.refresh_token)).status).toBe(400)
  })

  it('notices a second use hours later', async () => {
    const time = clock()
    const { browser, fields } = await pending(openSandbox({ now: time.now }))
    const tokens: Tokens = await (await browser.token(fields)).json()
    time.advance(7200)
    expect((await browser.token(fields)).status).toBe(400)
    expect((await browser.refresh(tokens.refresh_token)).status).toBe(400)
  })

  it('spends the code on a wrong verifier, so that nobody guesses twice', async () => {
    const { browser, fields } = await pending()
    expect((await browser.token({ ...fields, code_verifier: 'a'.repeat(43) })).status).toBe(400)
    expect((await browser.token(fields)).status).toBe(400)
  })

  it('comes too late after ten minutes', async () => {
    const time = clock()
    const { browser, fields } = await pending(openSandbox({ now: time.now }))
    time.advance(600)
    expect((await browser.token(fields)).status).toBe(400)
  })
})

describe('refreshing', () => {
  it('rotates, and the old access token lives to its end', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, accessTokenLifetimeSeconds: 60 })
    const first = await browser.connect()
    time.advance(30)
    const second: Tokens = await (await browser.refresh(first.refresh_token)).json()
    expect(second.refresh_token).not.toBe(first.refresh_token)
    expect((await browser.get('/v1/projects', first.access_token)).status).toBe(200)
    time.advance(31)
    expect((await browser.get('/v1/projects', first.access_token)).status).toBe(401)
    expect((await browser.get('/v1/projects', second.access_token)).status).toBe(200)
  })

  it('with a token used before ends the whole grant', async () => {
    const browser = openSandbox()
    const first = await browser.connect()
    const second: Tokens = await (await browser.refresh(first.refresh_token)).json()
    const reuse = await browser.refresh(first.refresh_token)
    expect(reuse.status).toBe(400)
    expect(await reuse.json()).toEqual({ message: expect.any(String) })
    expect((await browser.get('/v1/projects', second.access_token)).status).toBe(401)
    expect((await browser.refresh(second.refresh_token)).status).toBe(400)
  })

  it('a hundred times at once has one winner, and then none', async () => {
    const browser = openSandbox()
    const tokens = await browser.connect()
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.refresh(tokens.refresh_token)))
    expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
  })

  it('leaves other grants alone', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    await browser.refresh(mine.refresh_token)
    await browser.refresh(mine.refresh_token)
    expect((await browser.get('/v1/projects', other.access_token)).status).toBe(200)
    expect((await browser.refresh(other.refresh_token)).status).toBe(200)
  })

  it.each(['', 'sbr_sandbox_made_up'])('is refused with %j', async (refreshToken) => {
    expect((await openSandbox().refresh(refreshToken)).status).toBe(400)
  })
})

describe('revoking', () => {
  const credentials = { client_id: clientId, client_secret: clientSecret }

  it('is 204 and ends every token of that grant only', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    expect((await browser.revoke({ ...credentials, refresh_token: mine.refresh_token })).status).toBe(204)
    expect((await browser.get('/v1/projects', mine.access_token)).status).toBe(401)
    expect((await browser.refresh(mine.refresh_token)).status).toBe(400)
    expect((await browser.get('/v1/projects', other.access_token)).status).toBe(200)
    expect((await browser.revoke({ ...credentials, refresh_token: mine.refresh_token })).status).toBe(404)
  })

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, 401],
    ['no refresh token', { refresh_token: undefined }, 400],
    ['a field too many', { token: 'x' }, 400],
  ])('is refused with %s', async (_name, changes, status) => {
    const browser = openSandbox()
    const tokens = await browser.connect()
    expect((await browser.revoke({ ...credentials, refresh_token: tokens.refresh_token, ...changes })).status).toBe(status)
    expect((await browser.get('/v1/projects', tokens.access_token)).status).toBe(200)
  })

  it('takes JSON only', async () => {
    const browser = openSandbox()
    const tokens = await browser.connect()
    expect((await browser.form('/v1/oauth/revoke', { ...credentials, refresh_token: tokens.refresh_token })).status).toBe(400)
    expect((await browser.send('/v1/oauth/revoke', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })).status).toBe(400)
  })
})
