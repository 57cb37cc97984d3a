import { describe, expect, it } from 'vitest'
import { linkedPath } from '#server/connectors/paging'
import { clock, installed, openSandbox } from './browser'

const repositories = `/user/installations/${installed.organization}/repositories`

describe('the API', () => {
  it.each([['no token', {}, 'Requires authentication'], ['an unknown token', { authorization: 'Bearer x' }, 'Bad credentials'], ['Basic', { authorization: 'Basic eDp5' }, 'Requires authentication']])('is 401 with %s', async (_name, headers, message) => {
    const answer = await openSandbox().send('/user', { headers: { 'user-agent': 'x', ...headers } })
    expect([answer.status, await answer.json()]).toEqual([401, { message, documentation_url: expect.any(String), status: '401' }])
  })

  it('is 401 once the token is too old', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, accessTokenLifetimeSeconds: 10 })
    const { access_token } = await browser.connect()
    time.advance(10)
    expect((await browser.get('/user', access_token)).status).toBe(401)
  })

  it('wants a user agent, and a version that there is', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect((await browser.get('/user', access_token, { 'user-agent': '' })).status).toBe(403)
    expect((await browser.get('/user', access_token, { 'x-github-api-version': '2020-01-01' })).status).toBe(400)
    expect((await browser.get('/user', access_token, { 'x-github-api-version': '2022-11-28' })).status).toBe(200)
  })

  it.each(['/orgs/nobody', '/orgs/brightwater-labs/nothing', '/orgs/brightwater-labs/constructor', '/repos/brightwater-labs/nothing', '/repos/brightwater-labs/app/branches/other/protection', '/user/nothing', '/', '/repos/%', '/user/installations/1/repositories'])('is 404 for %s', async (path) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect((await browser.get(path, access_token)).status).toBe(404)
  })

  it('shows an installation\'s account and no other', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect({ installation: installed.person })
    expect(await (await browser.get('/user/installations', access_token)).json()).toMatchObject({ total_count: 1, installations: [{ account: { login: 'mei-tanaka', type: 'User' } }] })
    expect((await browser.get('/repos/mei-tanaka/dotfiles', access_token)).status).toBe(200)
    expect((await browser.get('/repos/brightwater-labs/app', access_token)).status).toBe(404)
  })

  it('is read only', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect((await browser.send('/repos/brightwater-labs/app', { method, headers: { 'authorization': `Bearer ${access_token}`, 'user-agent': 'x' } })).status).toBe(404)
    }
  })

  it('lists in pages, with the way to the next', async () => {
    const browser = openSandbox({ moreRepositories: 250 })
    const { access_token } = await browser.connect()
    const seen = new Set<number>()
    let pages = 0
    for (let path: string | null = `${repositories}?per_page=100`; path !== null; pages += 1) {
      const answer = await browser.get(path, access_token)
      const body = await answer.json() as { total_count: number, repositories: { id: number }[] }
      expect(body.total_count).toBe(256)
      for (const { id } of body.repositories) seen.add(id)
      path = linkedPath({ headers: answer.headers, path })
    }
    expect([pages, seen.size]).toEqual([3, 256])
  })

  it('names the permission that is missing on the app', async () => {
    const browser = openSandbox({ withoutPermissions: ['administration'] })
    const { access_token } = await browser.connect()
    const answer = await browser.get('/repos/brightwater-labs/app/keys', access_token)
    expect([answer.status, answer.headers.get('x-accepted-github-permissions'), await answer.json()]).toMatchObject([403, 'administration=read', { message: 'Resource not accessible by integration' }])
  })

  it('counts calls per person and hour, and says later with a 403', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, requestsPerHour: 2 })
    const { access_token } = await browser.connect()
    const first = await browser.get('/user', access_token)
    expect(['limit', 'remaining', 'used', 'resource', 'reset'].map(name => first.headers.get(`x-ratelimit-${name}`))).toEqual(['2', '1', '1', 'core', String(time.now() / 1000 + 3600)])
    await browser.get('/user', access_token)
    const third = await browser.get('/user', access_token)
    expect([third.status, third.headers.get('x-ratelimit-remaining')]).toEqual([403, '0'])
    expect((await browser.get('/user', (await browser.connect()).access_token)).status).toBe(403)
    time.advance(3600)
    expect((await browser.get('/user', access_token)).status).toBe(200)
  })

  it('hides a leaked secret when it is asked to', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const read = async (query: string) => (await browser.get(`/repos/brightwater-labs/legacy-importer/secret-scanning/alerts?state=open${query}`, access_token)).text()
    expect(await read('')).toContain('nobody-may-keep')
    expect(await read('&hide_secret=true')).not.toContain('nobody-may-keep')
  })

  it('marks every answer', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    const answers = [await browser.get('/user', access_token), await browser.get('/nothing', 'x'), await browser.token({}), await browser.token({}, {}), await browser.send('/login/oauth/authorize')]
    expect(answers.map(answer => answer.headers.get('x-sandbox'))).toEqual(Array.from(answers, () => 'github'))
  })

  it('fails on demand, and otherwise as usual', async () => {
    const browser = openSandbox({ faults: request => request.url.endsWith('/user') ? new Response('<html>', { status: 502 }) : undefined })
    const { access_token } = await browser.connect()
    expect((await browser.get('/user', access_token)).status).toBe(502)
    expect((await browser.get('/user/installations', access_token)).status).toBe(200)
  })
})

describe('an OAuth App\'s token', () => {
  const oauth = async (scope: string) => {
    const browser = openSandbox({ application: 'oauth_app' })
    const { access_token } = await browser.connect({}, { scope })
    return async (path: string) => (await browser.get(path, access_token)).status
  }

  it('sees what the person sees, and no installation', async () => {
    const status = await oauth('repo read:org admin:org')
    expect(await Promise.all(['/user', '/user/orgs', '/user/repos', '/orgs/brightwater-labs', '/repos/brightwater-labs/app', '/user/installations', '/orgs/brightwater-labs/hooks'].map(status)))
      .toEqual([200, 200, 200, 200, 200, 403, 404])
  })

  it('sees no more than its scopes', async () => {
    const status = await oauth('read:org')
    expect(await Promise.all(['/user/orgs', '/orgs/brightwater-labs/members', '/orgs/brightwater-labs', '/repos/brightwater-labs/app', '/repos/brightwater-labs/website'].map(status)))
      .toEqual([200, 200, 404, 404, 200])
  })
})
