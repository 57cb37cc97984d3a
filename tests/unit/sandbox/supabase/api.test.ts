import { describe, expect, it } from 'vitest'
import { clock, openSandbox } from './browser'

const production = 'wmqzkfhvtnxcyrbdlgps'

describe('the Management API', () => {
  it.each([['no token', {}], ['an unknown token', { authorization: 'Bearer x' }], ['Basic', { authorization: 'Basic eDp5' }]])('is 401 with %s', async (_name, headers) => {
    const answer = await openSandbox().send('/v1/projects', { headers: headers as Record<string, string> })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toEqual({ message: 'Unauthorized' })
  })

  it('is 401 once the token is too old', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, accessTokenLifetimeSeconds: 10 })
    const { access_token } = await browser.connect()
    time.advance(10)
    expect((await browser.get('/v1/projects', access_token)).status).toBe(401)
  })

  it.each([
    '/v1/projects/aaaaaaaaaaaaaaaaaaaa/postgrest', '/v1/projects/aaaaaaaaaaaaaaaaaaaa', `/v1/projects/${production}/nothing`, `/v1/projects/${production}/constructor`,
    '/v1/organizations/nobody', '/v1/organizations/nobody/members', '/v1/nothing', '/', '/v1/oauth/nothing',
  ])('is 404 for %s', async (path) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const answer = await browser.get(path, access_token)
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({ message: expect.any(String) })
  })

  it('is 404 outside its folder', async () => {
    const { sandbox } = openSandbox()
    expect((await sandbox.fetch(new Request('http://localhost:3000/v1/projects'))).status).toBe(404)
    expect((await sandbox.fetch(new Request('http://localhost:3000/sandbox/supabaseX/v1/projects'))).status).toBe(404)
  })

  it('is read only', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await browser.send(`/v1/projects/${production}/config/auth`, { method, headers: { authorization: `Bearer ${access_token}` } })
      expect(answer.status).toBe(405)
      expect(answer.headers.get('allow')).toBe('GET')
    }
  })

  it('counts calls per operation and minute', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, requestsPerMinute: 2 })
    const { access_token } = await browser.connect()
    const first = await browser.get('/v1/projects', access_token)
    expect(Object.fromEntries(['limit', 'remaining', 'reset'].map(name => [name, first.headers.get(`x-ratelimit-${name}`)]))).toEqual({ limit: '2', remaining: '1', reset: '60' })
    time.advance(20)
    await browser.get('/v1/projects', access_token)
    const third = await browser.get('/v1/projects', access_token)
    expect([third.status, third.headers.get('x-ratelimit-reset')]).toEqual([429, '40'])
    expect((await browser.get('/v1/organizations', access_token)).status).toBe(200)
    time.advance(40)
    expect((await browser.get('/v1/projects', access_token)).status).toBe(200)
  })

  it('marks every answer', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const answers = [await browser.get('/v1/projects', access_token), await browser.get('/v1/nothing', 'x'), await browser.send('/v1/oauth/token'), await browser.send('/v1/oauth/authorize')]
    expect(answers.map(answer => answer.headers.get('x-sandbox'))).toEqual(Array.from(answers, () => 'supabase'))
  })

  it('fails on demand, and otherwise as usual', async () => {
    const browser = openSandbox({ faults: request => request.url.endsWith('/v1/organizations') ? new Response('<html>', { status: 502 }) : undefined })
    const { access_token } = await browser.connect()
    expect((await browser.get('/v1/organizations', access_token)).status).toBe(502)
    expect((await browser.get('/v1/projects', access_token)).status).toBe(200)
  })
})
