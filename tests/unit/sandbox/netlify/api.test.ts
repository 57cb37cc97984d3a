import { describe, expect, it } from 'vitest'
import { baseUrl, clock, openSandbox } from './browser'

const www = '3f9a1c2e-5b7d-4e8f-9a0b-1c2d3e4f5a6b'
const [brightwater, harborline] = ['64b1f0c2d3e4f5a607182930', '6501a9b8c7d6e5f4a3b2c1d0']

describe('the API', () => {
  it.each([['no token', {}], ['an unknown token', { authorization: 'Bearer x' }], ['Basic', { authorization: 'Basic eDp5' }]])('is 401 with %s', async (_name, headers) => {
    const answer = await openSandbox().send('/api/v1/sites', { headers: headers as Record<string, string> })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toEqual({ code: 401, message: 'Access Denied' })
  })

  it.each(['/api/v1/sites/nothing', `/api/v1/hooks`, '/api/v1/hooks?site_id=nothing', '/api/v1/accounts/nothing/env', `/api/v1/accounts/${harborline}/env?site_id=${www}`, '/api/v1/nobody/members', '/api/v1/constructor/members'])(
    'has no %s, and says so in its own words', async (path) => {
      const browser = openSandbox()
      const answer = await browser.get(path, (await browser.connect()).access_token)
      expect(answer.status).toBe(404)
      expect(await answer.json()).toEqual({ code: 404, message: 'Not Found' })
    })

  it.each(['/api/v1/nothing', '/api/v1/', '/api/v2/user', '/', '/oauth/revoke', `/api/v1/sites/${www}/snippets`])('has no path %s, and says so in plain text', async (path) => {
    const browser = openSandbox()
    const answer = await browser.get(path, (await browser.connect()).access_token)
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([404, 'text/plain', 'Not Found'])
  })

  it('is 404 outside its folder', async () => {
    const { sandbox } = openSandbox()
    expect((await sandbox.fetch(new Request('http://localhost:3000/api/v1/user'))).status).toBe(404)
    expect((await sandbox.fetch(new Request(`${baseUrl}X/api/v1/user`))).status).toBe(404)
  })

  it('is read only', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await browser.send(`/api/v1/sites/${www}`, { method, headers: { authorization: `Bearer ${access_token}` } })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
    }
  })

  it.each(['/api/v1/sites?filter=some', '/api/v1/sites?page=0', '/api/v1/sites?per_page=x', '/api/v1/user?id=1'])('refuses %s', async (path) => {
    const browser = openSandbox()
    expect((await browser.get(path, (await browser.connect()).access_token)).status).toBe(422)
  })

  it('takes a team by its id and by its slug', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const [byId, bySlug] = await Promise.all([brightwater, 'brightwater-labs'].map(async key => (await browser.get(`/api/v1/accounts/${key}/env`, access_token)).json() as Promise<unknown>))
    expect(byId).toEqual(bySlug)
  })

  it('hides what the plan does not have and the role may not see', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    for (const path of [`/api/v1/accounts/${harborline}/env`, `/api/v1/accounts/${harborline}/audit`]) {
      const answer = await browser.get(path, access_token)
      expect([answer.status, await answer.json()]).toEqual([403, { code: 403, message: expect.any(String) }])
    }
  })

  it('has no certificate where there is no domain', async () => {
    const browser = openSandbox()
    const answer = await browser.get('/api/v1/sites/d2e4f6a8-9b0c-4d1e-8f3a-5b6c7d8e9f0a/ssl', (await browser.connect()).access_token)
    expect([answer.status, await answer.json()]).toEqual([200, null])
  })

  it('counts calls per person and minute, and says when it begins again', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, requestsPerMinute: 2 })
    const [mine, other] = [(await browser.connect()).access_token, (await browser.connect()).access_token]
    const first = await browser.get('/api/v1/user', mine)
    expect(Object.fromEntries(['limit', 'remaining', 'reset'].map(name => [name, first.headers.get(`x-ratelimit-${name}`)])))
      .toEqual({ limit: '2', remaining: '1', reset: String(time.now() / 1000 + 60) })
    time.advance(20)
    await browser.get('/api/v1/sites', mine)
    const third = await browser.get('/api/v1/user', mine)
    expect([third.status, third.headers.get('x-ratelimit-remaining')]).toEqual([429, '0'])
    // The same person's, by another grant.
    expect((await browser.get('/api/v1/user', other)).status).toBe(429)
    time.advance(40)
    expect((await browser.get('/api/v1/user', mine)).status).toBe(200)
  })

  it('marks every answer', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const answers = [await browser.get('/api/v1/user', access_token), await browser.get('/api/v1/nothing', access_token), await browser.get('/api/v1/user', 'x'), await browser.send('/oauth/token'), await browser.send('/authorize')]
    expect(answers.map(answer => answer.headers.get('x-sandbox'))).toEqual(Array.from(answers, () => 'netlify'))
  })

  it('fails on demand, and otherwise as usual', async () => {
    const browser = openSandbox({ faults: request => request.url.endsWith('/user') ? new Response('<html>', { status: 502 }) : undefined })
    const { access_token } = await browser.connect()
    expect((await browser.get('/api/v1/user', access_token)).status).toBe(502)
    expect((await browser.get('/api/v1/sites', access_token)).status).toBe(200)
  })
})

describe('pages', () => {
  it('are linked: the previous, the next and the last', async () => {
    const browser = openSandbox({ pageSize: 2 })
    const { access_token } = await browser.connect()
    const page = async (path: string) => {
      const answer = await browser.get(path, access_token)
      const list: unknown[] = await answer.json()
      return { length: list.length, link: answer.headers.get('link') }
    }
    const at = (number: number, rel: string) => `<${baseUrl}/api/v1/sites?filter=all&per_page=2&page=${number}>; rel="${rel}"`
    expect(await page('/api/v1/sites?filter=all&per_page=100')).toEqual({ length: 2, link: `${at(2, 'next')}, ${at(3, 'last')}` })
    expect(await page('/api/v1/sites?filter=all&per_page=2&page=3')).toEqual({ length: 1, link: at(2, 'prev') })
    expect(await page('/api/v1/sites?page=9')).toMatchObject({ length: 0 })
    expect(await page('/api/v1/accounts')).toEqual({ length: 2, link: null })
  })
})
