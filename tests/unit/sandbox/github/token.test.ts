import { describe, expect, it } from 'vitest'
import { basic, clientId, clock, openSandbox, redirectUri, request } from './browser'

async function pending(browser = openSandbox()) {
  const { verifier, parameters } = request()
  const code = (await browser.decide(parameters, { decision: 'approve' })).searchParams.get('code') ?? ''
  return { browser, fields: { code, redirect_uri: redirectUri, code_verifier: verifier } }
}

describe('redeeming a code', () => {
  it('gives a GitHub App\'s tokens, which end', async () => {
    const browser = openSandbox()
    const tokens = await browser.connect()
    expect(tokens).toEqual({
      access_token: expect.stringMatching(/^ghu_/), refresh_token: expect.stringMatching(/^ghr_/), expires_in: 28_800, refresh_token_expires_in: 15_897_600, token_type: 'bearer', scope: '',
    })
    expect((await browser.get('/user', tokens.access_token)).status).toBe(200)
  })

  it('gives an OAuth App\'s token, which does not, with its scopes by commas', async () => {
    const time = clock()
    const browser = openSandbox({ application: 'oauth_app', now: time.now })
    const tokens = await browser.connect()
    expect(tokens).toEqual({ access_token: expect.stringMatching(/^gho_/), refresh_token: '', scope: 'admin:org,repo', token_type: 'bearer' })
    time.advance(365 * 86_400)
    expect((await browser.get('/user', tokens.access_token)).status).toBe(200)
  })

  it('answers with a form unless JSON is asked for', async () => {
    const { browser, fields } = await pending()
    const answer = await browser.token(fields, {})
    expect(answer.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(new URLSearchParams(await answer.text()).get('token_type')).toBe('bearer')
  })

  it.each([
    ['another verifier', { code_verifier: 'a'.repeat(43) }, 'bad_verification_code'],
    ['no verifier', { code_verifier: '' }, 'bad_verification_code'],
    ['another redirect address', { redirect_uri: `${redirectUri}/` }, 'redirect_uri_mismatch'],
    ['another code', { code: 'made_up' }, 'bad_verification_code'],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a wrong secret', { client_secret: 'wrong' }, 'incorrect_client_credentials'],
    ['no secret', { client_secret: '' }, 'incorrect_client_credentials'],
    ['another client', { client_id: 'Iv1.ffffffffffffffff' }, 'incorrect_client_credentials'],
  ])('is a 200 that says no with %s', async (_name, changes, error) => {
    const { browser, fields } = await pending()
    const answer = await browser.token({ ...fields, ...changes })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ error, error_description: expect.any(String), error_uri: expect.stringMatching(/^https:\/\/docs\.github\.com\//) })
  })

  it('takes the credentials in the body only', async () => {
    const { browser, fields } = await pending()
    expect(await (await browser.token(fields, { accept: 'application/json', authorization: basic() })).json()).toMatchObject({ error: 'incorrect_client_credentials' })
  })

  it('happens once: a second use ends the tokens of the first', async () => {
    const { browser, fields } = await pending()
    const { access_token: token } = await (await browser.token(fields)).json() as { access_token: string }
    expect(await (await browser.token(fields)).json()).toMatchObject({ error: 'bad_verification_code' })
    expect((await browser.get('/user', token)).status).toBe(401)
  })

  it('comes too late after ten minutes', async () => {
    const time = clock()
    const { browser, fields } = await pending(openSandbox({ now: time.now }))
    time.advance(600)
    expect(await (await browser.token(fields)).json()).toMatchObject({ error: 'bad_verification_code' })
  })
})

describe('refreshing', () => {
  it('ends both old tokens at once', async () => {
    const browser = openSandbox()
    const first = await browser.connect()
    const second = await browser.refresh(first.refresh_token)
    expect(second).toMatchObject({ access_token: expect.stringMatching(/^ghu_/), expires_in: 28_800 })
    expect((await browser.get('/user', first.access_token)).status).toBe(401)
    expect((await browser.get('/user', String(second.access_token))).status).toBe(200)
    expect(await browser.refresh(first.refresh_token)).toMatchObject({ error: 'bad_refresh_token' })
  })

  it('a hundred times at once has one winner', async () => {
    const browser = openSandbox()
    const { refresh_token: token } = await browser.connect()
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.refresh(token)))
    expect(answers.filter(answer => answer.access_token)).toHaveLength(1)
  })

  it('leaves other grants alone, and knows no made-up token', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    await browser.refresh(mine.refresh_token)
    expect((await browser.get('/user', other.access_token)).status).toBe(200)
    expect(await browser.refresh('ghr_made_up')).toMatchObject({ error: 'bad_refresh_token' })
  })
})

describe('revoking', () => {
  it('is 204 and ends every token of that grant only', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    expect((await browser.revoke({ access_token: mine.access_token })).status).toBe(204)
    expect((await browser.get('/user', mine.access_token)).status).toBe(401)
    expect(await browser.refresh(mine.refresh_token)).toMatchObject({ error: 'bad_refresh_token' })
    expect((await browser.get('/user', other.access_token)).status).toBe(200)
    expect((await browser.revoke({ access_token: mine.access_token })).status).toBe(404)
  })

  it.each([
    ['a wrong secret', {}, basic(clientId, 'wrong'), 401],
    ['no credentials', {}, '', 401],
    ['no token', { access_token: undefined }, basic(), 422],
    ['a field too many', { client_id: 'x' }, basic(), 422],
  ])('is refused with %s', async (_name, changes, authorization, status) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect((await browser.revoke({ access_token, ...changes }, authorization)).status).toBe(status)
    expect((await browser.get('/user', access_token)).status).toBe(200)
  })

  it('is not there for another application, and not with another method', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const body = JSON.stringify({ access_token })
    expect((await browser.send('/applications/Iv1.other/grant', { method: 'DELETE', body, headers: { authorization: basic() } })).status).toBe(404)
    expect((await browser.send(`/applications/${clientId}/grant`, { method: 'POST', body, headers: { authorization: basic() } })).status).toBe(404)
  })
})
