import { describe, expect, it } from 'vitest'
import { clock } from '../supabase/browser'
import { brightwater, halyard, openSandbox, redirectUri, request } from './browser'

describe('the consent page', () => {
  it('says who asks for what and where, and that it is a sandbox', async () => {
    const answer = await openSandbox().page(request())
    const text = await answer.text()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-sandbox')).toBe('slack')
    for (const word of ['Sandbox', 'AllyShip Integrations', 'Brightwater Labs', 'Halyard Group', 'Halyard Engineering', 'team.preferences:read', 'in your name', 'value="approve"', 'value="deny"']) {
      expect(text).toContain(word)
    }
    expect(text).not.toMatch(/<script|\son\w+=|style="/i)
  })

  it('offers the workspace only that was asked for', async () => {
    const text = await (await openSandbox().page(request({ team: brightwater }))).text()
    expect(text).toContain('Brightwater Labs')
    expect(text).not.toContain('Halyard')
    expect((await openSandbox().page(request({ team: 'T0NOBODY' }))).status).toBe(400)
  })

  it('escapes what it repeats', async () => {
    expect(await (await openSandbox().page(request({ state: '"><img src=x onerror=alert(1)>' }))).text()).not.toContain('<img')
  })

  it.each([
    ['an unknown client', { client_id: '1.2' }, /invalid_client_id/],
    ['another redirect address', { redirect_uri: `${redirectUri}/` }, /bad_redirect_uri/],
    ['no redirect address', { redirect_uri: '' }, /bad_redirect_uri/],
    ['no state', { state: '' }, /state is missing/],
    ['a challenge', { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' }, /pkce_not_allowed/],
    ['another response type', { response_type: 'token' }, /invalid_response_type/],
    ['no permission', { scope: '', user_scope: '' }, /no_scopes/],
    ['a permission that is none here', { scope: 'team:read,channels:history' }, /invalid_scope: channels:history/],
    ['permissions with spaces between', { scope: 'team:read users:read' }, /invalid_scope/],
  ])('refuses %s on the spot, as Slack does', async (_name, changes, says) => {
    const answer = await openSandbox().page(request(changes as Record<string, string>))
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
    expect(await answer.text()).toMatch(says)
  })

  it('refuses a parameter that comes twice', async () => {
    const query = new URLSearchParams(request())
    query.append('state', 'another')
    expect((await openSandbox().send(`/oauth/v2/authorize?${query}`)).status).toBe(400)
  })
})

describe('the decision', () => {
  it.each([brightwater, halyard])('approves for %s with a code and the state', async (account) => {
    const asked = request()
    const location = await openSandbox().decide(asked, 'approve', account)
    expect(`${location.origin}${location.pathname}`).toBe(redirectUri)
    expect([...location.searchParams.keys()]).toEqual(['code', 'state'])
    expect(location.searchParams.get('state')).toBe(asked.state)
  })

  it('denies with access_denied and the state, and without a word more', async () => {
    const asked = request()
    expect(Object.fromEntries((await openSandbox().decide(asked, 'deny')).searchParams)).toEqual({ error: 'access_denied', state: asked.state })
  })

  it('is taken once', async () => {
    const browser = openSandbox()
    const fields = { ...await browser.openConsent(request()), account: brightwater, decision: 'approve' }
    expect((await browser.form('/oauth/v2/authorize', fields)).status).toBe(303)
    expect((await browser.form('/oauth/v2/authorize', fields)).status).toBe(400)
  })

  it('needs a page that is not older than ten minutes', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now })
    const fields = await browser.openConsent(request())
    time.advance(601)
    expect((await browser.form('/oauth/v2/authorize', { ...fields, account: brightwater, decision: 'approve' })).status).toBe(400)
  })

  it.each([
    ['another state than was shown', { state: 'swapped' }], ['more permissions than were shown', { user_scope: 'users:read,team:read' }], ['a made-up token', { consent: 'consent_x' }],
    ['no decision', { decision: '' }], ['no account', { account: '' }], ['an account that was not offered', { team: brightwater, account: halyard }],
  ])('is refused with %s', async (_name, changes) => {
    const browser = openSandbox()
    const answer = await browser.form('/oauth/v2/authorize', { ...await browser.openConsent(request()), account: brightwater, decision: 'approve', ...changes })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('location')).toBeNull()
  })
})
