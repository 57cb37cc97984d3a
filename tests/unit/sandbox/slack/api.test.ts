import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { clock } from '../supabase/browser'
import { brightwater, halyard, openSandbox } from './browser'

const page = z.object({ ok: z.literal(true), members: z.array(z.looseObject({ id: z.string() })), response_metadata: z.object({ next_cursor: z.string() }) })

describe('the Web API', () => {
  it.each([
    ['no token', {}, 'not_authed'], ['an unknown token', { authorization: 'Bearer xoxb-x' }, 'invalid_auth'], ['Basic', { authorization: 'Basic eDp5' }, 'not_authed'],
  ])('refuses %s under a 200', async (_name, headers, error) => {
    const answer = await openSandbox().send('/api/users.list', { headers: headers as Record<string, string> })
    expect([answer.status, await answer.json()]).toEqual([200, { ok: false, error }])
  })

  it.each(['/api/chat.postMessage', '/api/conversations.history', '/api/constructor'])('does not know %s', async (path) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect(await browser.call(path, access_token)).toMatchObject({ ok: false, error: 'unknown_method' })
  })

  it('is 404 and 405 outside of its methods', async () => {
    const browser = openSandbox()
    for (const path of ['/', '/api', '/api/', '/api/users.list/x', '/nothing']) expect((await browser.send(path)).status).toBe(404)
    expect((await browser.sandbox.fetch(new Request('http://localhost:3000/sandbox/slackX/api/auth.test'))).status).toBe(404)
    expect((await browser.send('/api/auth.test', { method: 'DELETE' })).status).toBe(405)
    expect((await browser.send('/oauth/v2/authorize', { method: 'PUT' })).status).toBe(405)
  })

  it('takes the arguments of a form too', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const answer = await browser.form('/api/users.list', { limit: '1' }, { authorization: `Bearer ${access_token}` })
    expect(page.parse(await answer.json()).members).toHaveLength(1)
  })

  it('gives a list in pages that may be short, and everything once', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const ids: string[] = []
    let cursor = ''
    let pages = 0
    do {
      const got = page.parse(await browser.call(`/api/users.list?limit=200&cursor=${encodeURIComponent(cursor)}`, access_token))
      ids.push(...got.members.map(one => one.id))
      cursor = got.response_metadata.next_cursor
      pages += 1
    } while (cursor !== '')
    expect(pages).toBeGreaterThan(1)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toContain('USLACKBOT')
  })

  it.each([['limit=0', 'invalid_limit'], ['limit=1001', 'invalid_limit'], ['limit=x', 'invalid_limit'], ['cursor=x', 'invalid_cursor'], ['cursor=ZnJvbTo5OTk5OQ==', 'invalid_cursor']])('refuses %s', async (query, error) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect(await browser.call(`/api/users.list?${query}`, access_token)).toEqual({ ok: false, error })
  })

  it('shows second factors to the person and not to the app', async () => {
    const browser = openSandbox()
    const { access_token, authed_user } = await browser.connect()
    expect(JSON.stringify(await browser.call('/api/users.list', access_token))).not.toContain('has_2fa')
    expect(JSON.stringify(await browser.call('/api/users.list', authed_user.access_token))).toContain('two_factor_type')
  })

  it('names the permission that is missing, and those that were granted', async () => {
    const browser = openSandbox()
    const { authed_user } = await browser.connect()
    expect(await browser.call(`/api/team.info?team=${brightwater}`, authed_user.access_token)).toEqual({ ok: false, error: 'missing_scope', needed: 'team:read', provided: 'users:read' })
    expect(await browser.call('/api/conversations.list?types=private_channel', authed_user.access_token)).toMatchObject({ error: 'missing_scope', needed: 'groups:read' })
  })

  it('knows the kinds of channels', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const names = async (query: string) => z.object({ channels: z.array(z.object({ name: z.string() })) }).parse(await browser.call(`/api/conversations.list?${query}`, access_token)).channels.map(one => one.name)
    expect(await names('types=private_channel')).toEqual(['leadership'])
    expect(await names('limit=999')).toContain('general')
    expect(await browser.call('/api/conversations.list?types=dreams', access_token)).toMatchObject({ error: 'invalid_types' })
  })

  it('wants an organization\'s token to name the workspace', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect(halyard)
    expect(await browser.call('/api/users.list', access_token)).toEqual({ ok: false, error: 'missing_argument' })
    expect(await browser.call(`/api/users.list?team_id=${brightwater}`, access_token)).toEqual({ ok: false, error: 'team_access_not_granted' })
    expect(await browser.call('/api/team.info?team=T0NOBODY', access_token)).toEqual({ ok: false, error: 'team_not_found' })
    expect(await browser.call('/api/team.preferences.list', access_token)).toEqual({ ok: false, error: 'invalid_team' })
    expect(await browser.call('/api/auth.test', access_token)).toMatchObject({ is_enterprise_install: true, enterprise_id: halyard })
  })

  it('counts calls per method and minute, and says how long to wait', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, requestsPerMinute: 2 })
    const { access_token } = await browser.connect()
    await browser.get('/api/auth.test', access_token)
    time.advance(20)
    await browser.get('/api/auth.test', access_token)
    const third = await browser.get('/api/auth.test', access_token)
    expect([third.status, third.headers.get('retry-after'), await third.json()]).toEqual([429, '40', { ok: false, error: 'ratelimited' }])
    expect((await browser.get('/api/team.preferences.list', access_token)).status).toBe(200)
    time.advance(40)
    expect((await browser.get('/api/auth.test', access_token)).status).toBe(200)
  })

  it('marks every answer, and fails on demand', async () => {
    const browser = openSandbox({ faults: request => request.url.endsWith('/api/team.info') ? new Response('<html>', { status: 502 }) : undefined })
    const { access_token } = await browser.connect()
    expect((await browser.get('/api/team.info', access_token)).status).toBe(502)
    const answers = [await browser.get('/api/auth.test', access_token), await browser.send('/nothing'), await browser.send('/api/oauth.v2.access'), await browser.send('/oauth/v2/authorize')]
    expect(answers.map(answer => answer.headers.get('x-sandbox'))).toEqual(Array.from(answers, () => 'slack'))
  })
})
