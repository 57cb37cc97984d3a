import { describe, expect, it } from 'vitest'
import { clock, openSandbox, redirectUri, request } from './browser'

describe('the consent page', () => {
  it('says who asks for what and where, and that it is a sandbox', async () => {
    const page = await openSandbox().send(`/v1/oauth/authorize?${new URLSearchParams(request().parameters)}`)
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('x-sandbox')).toBe('supabase')
    expect(page.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    for (const word of ['Sandbox', 'AllyShip Integrations', 'Brightwater Labs', 'brightwater-production', 'brightwater-staging', 'auth:read', 'value="approve"', 'value="deny"', 'lang="en"', 'prefers-color-scheme: dark']) {
      expect(text).toContain(word)
    }
    expect(text).not.toMatch(/<script|\son\w+=|style="/i)
  })

  it('escapes what it repeats', async () => {
    const { parameters } = request({ state: '"><img src=x onerror=alert(1)>' })
    const text = await (await openSandbox().send(`/v1/oauth/authorize?${new URLSearchParams(parameters)}`)).text()
    expect(text).not.toContain('<img')
  })

  it.each([
    ['an unknown client', { client_id: '00000000-0000-4000-8000-000000000000' }],
    ['another redirect address', { redirect_uri: 'http://localhost:3000/api/auth/supabase/callback/' }],
    ['a foreign redirect address', { redirect_uri: 'https://evil.example/' }],
    ['a state of 5 kB', { state: 'x'.repeat(5000) }],
  ])('is refused on the spot with %s', async (_name, changes) => {
    const answer = await openSandbox().send(`/v1/oauth/authorize?${new URLSearchParams(request(changes).parameters)}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.get('content-type')).toMatch(/text\/html/)
  })

  it.each([
    ['no state', { state: '' }, 'invalid_request'],
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['no challenge', { code_challenge: '' }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'abc' }, 'invalid_request'],
    ['another organization', { organization_slug: 'somebody-else' }, 'access_denied'],
  ])('sends the application an error with %s', async (_name, changes, error) => {
    const { parameters } = request(changes)
    const answer = await openSandbox().send(`/v1/oauth/authorize?${new URLSearchParams(parameters)}`)
    const location = new URL(answer.headers.get('location') ?? '')
    expect(answer.status).toBe(303)
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri)
    expect(location.searchParams.get('error')).toBe(error)
    expect(location.searchParams.get('error_description')).toBeTruthy()
    expect(location.searchParams.get('state') ?? '').toBe(parameters.state)
  })

  it('refuses a parameter that comes twice', async () => {
    const query = new URLSearchParams(request().parameters)
    query.append('state', 'another')
    const answer = await openSandbox().send(`/v1/oauth/authorize?${query}`)
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
  })
})

describe('the decision', () => {
  it('approves with a code and the state', async () => {
    const { parameters } = request()
    const location = await openSandbox().decide(parameters, 'approve')
    expect(location.searchParams.get('code')).toBeTruthy()
    expect(location.searchParams.get('state')).toBe(parameters.state)
    expect(location.searchParams.has('error')).toBe(false)
  })

  it('denies with access_denied and the state, without a code', async () => {
    const { parameters } = request()
    const location = await openSandbox().decide(parameters, 'deny')
    expect(location.searchParams.get('error')).toBe('access_denied')
    expect(location.searchParams.get('error_description')).toBeTruthy()
    expect(location.searchParams.get('state')).toBe(parameters.state)
    expect(location.searchParams.has('code')).toBe(false)
  })

  it('is taken once', async () => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request().parameters)
    expect((await browser.form('/v1/oauth/authorize', { ...fields, decision: 'approve' })).status).toBe(303)
    expect((await browser.form('/v1/oauth/authorize', { ...fields, decision: 'approve' })).status).toBe(400)
  })

  it('is bound to what the page showed', async () => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request().parameters)
    expect((await browser.form('/v1/oauth/authorize', { ...fields, state: 'swapped', decision: 'approve' })).status).toBe(400)
  })

  it('needs a page that is not older than ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const fields = await browser.openConsent(request().parameters)
    time.advance(601)
    expect((await browser.form('/v1/oauth/authorize', { ...fields, decision: 'approve' })).status).toBe(400)
  })

  it.each([['no token', { consent: '' }], ['a made-up token', { consent: 'consent_x' }], ['no decision', { decision: '' }]])('is refused with %s', async (_name, changes) => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request().parameters)
    const answer = await browser.form('/v1/oauth/authorize', { ...fields, decision: 'approve', ...changes })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
  })
})
