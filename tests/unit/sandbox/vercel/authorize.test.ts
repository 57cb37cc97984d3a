import { describe, expect, it } from 'vitest'
import { clock, openSandbox, redirectUri, start, teamId, userId } from './browser'

const page = (parameters: Record<string, string> = { state: 's' }) => openSandbox().send(`${start}?${new URLSearchParams(parameters)}`)

describe('the page that installs', () => {
  it('says who asks for what and where, and that it is a sandbox', async () => {
    const answer = await page()
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-sandbox')).toBe('vercel')
    expect(answer.headers.get('content-security-policy')).toMatch(/frame-ancestors 'none'/)
    for (const word of ['Sandbox', 'AllyShip Integrations', 'Larkspur Studio', 'personal account', 'read:project', 'value="approve"', 'value="deny"']) expect(text).toContain(word)
    expect(text).not.toMatch(/<script|\son\w+=|style="|env-vars/i)
  })

  it('escapes what it repeats', async () => {
    expect(await (await page({ state: '"><img src=x onerror=alert(1)>' })).text()).not.toContain('<img')
  })

  it('takes what Vercel ignores, as long as it is right', async () => {
    expect((await page({ state: 's', client_id: 'oac_unit_test', redirect_uri: redirectUri, extra: '1' })).status).toBe(200)
  })

  it.each([
    ['another client', { state: 's', client_id: 'oac_other' }], ['another redirect address', { state: 's', redirect_uri: `${redirectUri}/` }],
    ['a foreign redirect address', { state: 's', redirect_uri: 'https://evil.example/' }], ['a state of 5 kB', { state: 'x'.repeat(5000) }],
  ])('is refused on the spot with %s', async (_name, parameters) => {
    const answer = await page(parameters as unknown as Record<string, string>)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it('is refused with a state that comes twice', async () => {
    expect((await openSandbox().send(`${start}?state=a&state=b`)).status).toBe(400)
  })

  it.each(['/integrations/new', '/integrations/a/b/new', '/integrations/A_B/new', '/oauth/authorize'])('is not at %s', async (path) => {
    expect((await openSandbox().send(`${path}?state=s`)).status).toBeGreaterThanOrEqual(400)
  })

  it('is read and answered, and nothing else', async () => {
    expect((await openSandbox().send(`${start}?state=s`, { method: 'PUT' })).status).toBe(405)
    expect((await openSandbox().send(start, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status).toBe(400)
  })
})

describe('the decision', () => {
  it('installs on the team', async () => {
    const location = await openSandbox().decide('approve')
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri)
    expect(Object.fromEntries(location.searchParams)).toEqual({
      code: expect.stringMatching(/^code_/) as string, configurationId: expect.stringMatching(/^icfg_[0-9a-f]{24}$/) as string, teamId, next: expect.stringMatching(/\/installed$/) as string, source: 'external', state: 's',
    })
  })

  it('installs on a personal account, without a team', async () => {
    expect((await openSandbox().decide('approve', userId)).searchParams.has('teamId')).toBe(false)
  })

  it('may begin at Vercel: then nothing carries a state', async () => {
    const { searchParams } = await openSandbox().decide('approve', teamId, {})
    expect([searchParams.has('state'), searchParams.get('source'), searchParams.has('code')]).toEqual([false, 'marketplace', true])
  })

  it('denies with the state and without a code', async () => {
    const { searchParams } = await openSandbox().decide('deny')
    expect([searchParams.get('error'), searchParams.get('state'), searchParams.has('code')]).toEqual(['access_denied', 's', false])
  })

  it('leads back to a page of its own', async () => {
    const browser = openSandbox()
    const next = (await browser.decide('approve')).searchParams.get('next') ?? ''
    expect((await browser.sandbox.fetch(new Request(next))).status).toBe(200)
  })

  it('is taken once, for what the page showed, within ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const approve = { decision: 'approve', account: teamId }
    const fields = await browser.openConsent({ state: 's' })
    expect((await browser.form(start, { ...fields, ...approve })).status).toBe(303)
    expect((await browser.form(start, { ...fields, ...approve })).status).toBe(400)
    expect((await browser.form(start, { ...await browser.openConsent({ state: 's' }), state: 'swapped', ...approve })).status).toBe(400)
    const late = await browser.openConsent({ state: 's' })
    time.advance(601)
    expect((await browser.form(start, { ...late, ...approve })).status).toBe(400)
  })

  it.each([['no token', { consent: '' }], ['no decision', { decision: '' }], ['no account', { account: '' }], ['somebody else\'s account', { account: 'team_other' }]])('is refused with %s', async (_name, changes) => {
    const browser = openSandbox()
    const answer = await browser.form(start, { ...await browser.openConsent({ state: 's' }), decision: 'approve', account: teamId, ...changes })
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })
})
