import { describe, expect, it } from 'vitest'
import { clock, installed, installPath, openSandbox, redirectUri, request } from './browser'

const authorize = '/login/oauth/authorize'
const asked = (parameters: Record<string, string>, path = authorize) => `${path}?${new URLSearchParams(parameters)}`

describe('the consent page', () => {
  it('says who asks for what and where, and that it is a sandbox', async () => {
    const page = await openSandbox().send(asked(request().parameters))
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('x-sandbox')).toBe('github')
    expect(page.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    for (const word of ['Sandbox', 'AllyShip Integrations', 'Brightwater Labs', 'brightwater-labs/payments-api', 'mei-tanaka/notes', 'organization_administration', 'value="approve"', 'value="deny"', 'Both of them']) {
      expect(text).toContain(word)
    }
    expect(text).not.toMatch(/<script|\son\w+=|style="/i)
  })

  it('of an installation asks for one account', async () => {
    const text = await (await openSandbox().send(asked({ state: 'st' }, installPath))).text()
    expect(text).toContain('Mei Tanaka')
    expect(text).not.toContain('Both of them')
  })

  it('of an OAuth App has no choice, and its scopes', async () => {
    const text = await (await openSandbox({ application: 'oauth_app' }).send(asked(request().parameters))).text()
    expect(text).toContain('admin:org')
    expect(text).not.toContain('type="radio"')
  })

  it('escapes what it repeats', async () => {
    const text = await (await openSandbox().send(asked(request({ state: '"><img src=x>', scope: '<img>' }).parameters))).text()
    expect(text).not.toContain('<img')
  })

  it.each([
    ['an unknown client', { client_id: 'Iv1.ffffffffffffffff' }],
    ['another redirect address', { redirect_uri: `${redirectUri}/` }],
    ['a foreign redirect address', { redirect_uri: 'https://evil.example/' }],
  ])('is refused on the spot with %s', async (_name, changes) => {
    const answer = await openSandbox().send(asked(request(changes).parameters))
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it.each([
    ['no state', { state: '' }],
    ['a plain challenge', { code_challenge_method: 'plain' }],
    ['no challenge', { code_challenge: '' }],
    ['a short challenge', { code_challenge: 'abc' }],
  ])('sends the application an error with %s', async (_name, changes) => {
    const answer = await openSandbox().send(asked(request(changes).parameters))
    const location = new URL(answer.headers.get('location') ?? '')
    expect([answer.status, `${location.origin}${location.pathname}`, location.searchParams.get('error')]).toEqual([303, redirectUri, 'invalid_request'])
  })

  it.each([
    ['nothing', {}], ['what only consent takes', request().parameters], ['a redirect address', { state: 'st', redirect_uri: redirectUri }],
  ])('of an installation is refused with %s', async (_name, parameters) => {
    const answer = await openSandbox().send(asked(parameters, installPath))
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it('is not there for another app, or for the installation of an OAuth App', async () => {
    expect((await openSandbox().send(asked(request().parameters, '/apps/another/installations/new'))).status).toBe(404)
    expect((await openSandbox({ application: 'oauth_app' }).send(asked(request().parameters, installPath))).status).toBe(404)
  })
})

describe('the decision', () => {
  it('approves with a code and the state', async () => {
    const { parameters } = request()
    const location = await openSandbox().decide(parameters, { decision: 'approve' })
    expect(Object.fromEntries(location.searchParams)).toEqual({ code: expect.any(String), state: parameters.state })
  })

  it('of an installation brings its id too', async () => {
    const location = await openSandbox().decide({ state: 'st' }, { decision: 'approve', installation: installed.person }, installPath)
    expect(Object.fromEntries(location.searchParams)).toEqual({ code: expect.any(String), state: 'st', installation_id: installed.person, setup_action: 'install' })
  })

  it('of an installation brings a code that no verifier goes with', async () => {
    const browser = openSandbox()
    const code = async () => (await browser.decide({ state: 'st' }, { decision: 'approve' }, installPath)).searchParams.get('code') ?? ''
    const redeem = async (fields: Record<string, string>): Promise<unknown> => (await browser.token({ code: await code(), redirect_uri: redirectUri, ...fields })).json()
    expect(await redeem({ code_verifier: 'v'.repeat(43) })).toMatchObject({ error: 'bad_verification_code' })
    expect(await redeem({})).toMatchObject({ access_token: expect.any(String) as string })
  })

  it('of an installation is not asked for again, once and for a minute, by the same browser', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const install = async () => {
      const answer = await browser.form(installPath, { ...await browser.openConsent({ state: 'st' }, installPath), installation: installed.person, decision: 'approve' })
      return answer.headers.getSetCookie().map(line => line.split(';')[0]).join('; ')
    }
    const visit = async (cookie: string) => (await browser.send(asked(request().parameters), { headers: { cookie } })).status
    const cookie = await install()
    expect([await visit('sandbox_github=00'), await visit(cookie), await visit(cookie)]).toEqual([200, 303, 200])
    const late = await install()
    time.advance(61)
    expect(await visit(late)).toBe(200)
  })

  it('denies with access_denied and the state, without a code', async () => {
    const { parameters } = request()
    const location = await openSandbox().decide(parameters, { decision: 'deny' })
    expect(Object.fromEntries(location.searchParams)).toEqual({ error: 'access_denied', error_description: expect.any(String), error_uri: expect.any(String), state: parameters.state })
  })

  it('is taken once', async () => {
    const browser = openSandbox()
    const fields = { ...await browser.openConsent(request().parameters), installation: installed.organization, decision: 'approve' }
    expect((await browser.form(authorize, fields)).status).toBe(303)
    expect((await browser.form(authorize, fields)).status).toBe(400)
  })

  it('needs a page that is not older than ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const fields = await browser.openConsent(request().parameters)
    time.advance(601)
    expect((await browser.form(authorize, { ...fields, installation: 'all', decision: 'approve' })).status).toBe(400)
  })

  it.each([
    ['another state', { state: 'swapped' }], ['more scopes', { scope: 'delete_repo' }], ['no token', { consent: '' }], ['no decision', { decision: '' }],
    ['an account that there is not', { installation: '1' }], ['no account', { installation: '' }],
  ])('is refused with %s', async (_name, changes) => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request().parameters)
    expect((await browser.form(authorize, { ...fields, installation: installed.organization, decision: 'approve', ...changes })).status).toBe(400)
  })

  it('of one page cannot answer the other', async () => {
    const browser = openSandbox()
    const fields = await browser.openConsent({ state: 'st' }, installPath)
    expect((await browser.form(authorize, { ...request({ state: 'st' }).parameters, ...fields, installation: installed.organization, decision: 'approve' })).status).toBe(400)
  })

  it('is a form', async () => {
    const answer = await openSandbox().send(authorize, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(400)
  })
})
