import { describe, expect, it } from 'vitest'
import { clientId, clientSecret, clock, openSandbox, redirectUri, request, type Tokens } from './browser'

describe('redeeming a code', () => {
  it('gives a token that the API takes and that does not end', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const tokens = await browser.connect()
    expect(tokens).toEqual({ access_token: expect.any(String), token_type: 'Bearer', scope: 'public', created_at: time.now() / 1000 })
    time.advance(400 * 86_400)
    expect((await browser.get('/api/v1/user', tokens.access_token)).status).toBe(200)
  })

  it.each([
    ['another redirect address', { redirect_uri: `${redirectUri}/` }, 'invalid_grant'],
    ['no redirect address', { redirect_uri: '' }, 'invalid_request'],
    ['another code', { code: 'code_made_up' }, 'invalid_grant'],
    ['no code', { code: '' }, 'invalid_request'],
    ['another grant type', { grant_type: 'refresh_token' }, 'unsupported_grant_type'],
    ['a field nobody knows', { extra: '1' }, 'invalid_request'],
    ['a verifier', { code_verifier: 'v'.repeat(43) }, 'invalid_request'],
  ])('is refused with %s', async (_name, changes, error) => {
    const browser = openSandbox()
    const answer = await browser.token({ ...browser.redemption(await browser.approvedCode()), ...changes })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toEqual({ error, error_description: expect.any(String) })
  })

  it.each([
    ['a wrong secret', { client_secret: 'wrong' }, {}],
    ['a wrong client', { client_id: 'somebody' }, {}],
    ['no credentials', { client_id: '', client_secret: '' }, {}],
    ['credentials in the header', { client_id: '', client_secret: '' }, { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` }],
    ['credentials in both places', {}, { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` }],
  ])('is 401 with %s, and leaves the code alive', async (_name, changes, headers) => {
    const browser = openSandbox()
    const fields = browser.redemption(await browser.approvedCode())
    const refused = await browser.token({ ...fields, ...changes }, headers as Record<string, string>)
    expect([refused.status, await refused.json()]).toEqual([401, { error: 'invalid_client', error_description: expect.any(String) }])
    expect((await browser.token(fields)).status).toBe(200)
  })

  it('refuses JSON, GET and a repeated field', async () => {
    const browser = openSandbox()
    const fields = browser.redemption(await browser.approvedCode())
    expect((await browser.send('/oauth/token', { method: 'POST', body: JSON.stringify(fields), headers: { 'content-type': 'application/json' } })).status).toBe(400)
    expect((await browser.send('/oauth/token')).status).toBe(405)
    expect((await browser.send('/oauth/token', { method: 'POST', body: new URLSearchParams([...Object.entries(fields), ['code', 'x']]) })).status).toBe(400)
  })

  it('happens once: a second use ends the token of the first', async () => {
    const browser = openSandbox()
    const fields = browser.redemption(await browser.approvedCode())
    const tokens: Tokens = await (await browser.token(fields)).json()
    expect((await browser.token(fields)).status).toBe(400)
    expect((await browser.get('/api/v1/user', tokens.access_token)).status).toBe(401)
  })

  it('a hundred times at once has one winner', async () => {
    const browser = openSandbox()
    const fields = browser.redemption(await browser.approvedCode())
    const answers = await Promise.all(Array.from({ length: 100 }, () => browser.token(fields)))
    expect(answers.filter(answer => answer.status === 200)).toHaveLength(1)
  })

  it('comes too late after ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const code = await browser.approvedCode(request())
    time.advance(600)
    expect((await browser.token(browser.redemption(code))).status).toBe(400)
  })
})

describe('a token', () => {
  it('ends with every other one when the person sets a new password', async () => {
    const browser = openSandbox()
    const [mine, other] = [await browser.connect(), await browser.connect()]
    browser.sandbox.resetPassword()
    for (const { access_token } of [mine, other]) expect((await browser.get('/api/v1/user', access_token)).status).toBe(401)
    expect((await browser.get('/api/v1/user', (await browser.connect()).access_token)).status).toBe(200)
  })
})
