import { describe, expect, it } from 'vitest'
import { clock, openSandbox, redirectUri, request } from './browser'

describe('the consent page', () => {
  it('says who asks for what and where, and that it is a sandbox', async () => {
    const page = await openSandbox().send(`/authorize?${new URLSearchParams(request())}`)
    const text = await page.text()
    expect(page.status).toBe(200)
    expect(page.headers.get('x-sandbox')).toBe('netlify')
    expect(page.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    for (const word of ['Sandbox', 'AllyShip Integrations', 'Ines Okafor', 'Brightwater Labs', 'harborline-landing', 'Do everything that you can do', 'value="approve"', 'value="deny"', 'lang="en"']) {
      expect(text).toContain(word)
    }
    expect(text).not.toMatch(/<script|\son\w+=|style="/i)
  })

  it('escapes what it repeats', async () => {
    const text = await (await openSandbox().send(`/authorize?${new URLSearchParams(request({ state: '"><img src=x onerror=alert(1)>' }))}`)).text()
    expect(text).not.toContain('<img')
  })

  it.each([
    ['an unknown client', { client_id: 'somebody' }],
    ['another redirect address', { redirect_uri: `${redirectUri}/` }],
    ['a foreign redirect address', { redirect_uri: 'https://evil.example/' }],
  ])('is refused on the spot with %s', async (_name, changes) => {
    const answer = await openSandbox().send(`/authorize?${new URLSearchParams(request(changes))}`)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
    expect(answer.headers.get('content-type')).toMatch(/text\/html/)
  })

  it.each([
    ['no state', { state: '' }, 'invalid_request'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['a scope', { scope: 'read' }, 'invalid_request'],
    ['a challenge', { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }, 'invalid_request'],
    ['the fields of its own form', { decision: 'approve' }, 'invalid_request'],
  ])('sends the application an error with %s', async (_name, changes, error) => {
    const parameters = request(changes as Record<string, string>)
    const answer = await openSandbox().send(`/authorize?${new URLSearchParams(parameters)}`)
    const location = new URL(answer.headers.get('location') ?? '')
    expect(answer.status).toBe(303)
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri)
    expect(location.searchParams.get('error')).toBe(error)
    expect(location.searchParams.get('error_description')).toBeTruthy()
    expect(location.searchParams.get('state') ?? '').toBe(parameters.state)
  })

  it('refuses a parameter that comes twice', async () => {
    const query = new URLSearchParams(request())
    query.append('state', 'another')
    const answer = await openSandbox().send(`/authorize?${query}`)
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe('invalid_request')
  })
})

describe('the decision', () => {
  it('approves with a code and the state', async () => {
    const parameters = request()
    const { searchParams } = await openSandbox().decide(parameters, 'approve')
    expect(searchParams.get('code')).toBeTruthy()
    expect(searchParams.get('state')).toBe(parameters.state)
    expect(searchParams.has('error')).toBe(false)
  })

  it('denies with access_denied and the state, without a code', async () => {
    const parameters = request()
    const { searchParams } = await openSandbox().decide(parameters, 'deny')
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.get('state')).toBe(parameters.state)
    expect(searchParams.has('code')).toBe(false)
  })

  it('is taken once', async () => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request())
    expect((await browser.form('/authorize', { ...fields, decision: 'approve' })).status).toBe(303)
    expect((await browser.form('/authorize', { ...fields, decision: 'approve' })).status).toBe(400)
  })

  it('is bound to what the page showed', async () => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request())
    expect((await browser.form('/authorize', { ...fields, state: 'swapped', decision: 'approve' })).status).toBe(400)
  })

  it('needs a page that is not older than ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const fields = await browser.openConsent(request())
    time.advance(601)
    expect((await browser.form('/authorize', { ...fields, decision: 'approve' })).status).toBe(400)
  })

  it.each([['no token', { consent: '' }], ['a made-up token', { consent: 'consent_x' }], ['no decision', { decision: '' }]])('is refused with %s', async (_name, changes) => {
    const browser = openSandbox()
    const fields = await browser.openConsent(request())
    const answer = await browser.form('/authorize', { ...fields, decision: 'approve', ...changes })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
  })
})
