import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { vercel } from '#server/connectors/vercel'
import { environment, members, projects } from '#server/connectors/vercel/endpoints'
import { clock, openSandbox, teamId, userId } from './browser'

const storefront = 'prj_4mQxT7vNb2RkYh9WcLs8Jd'
const portfolio = 'prj_1pKfB6vXw8QzTd4HnMs3Yr'
const listSchema = z.object({ projects: z.array(z.object({ name: z.string() })), pagination: z.object({ next: z.string().nullable() }) })

describe('the REST API', () => {
  it.each<[string, Record<string, string>, object]>([
    ['no token', {}, { code: 'forbidden', message: 'Not authorized' }],
    ['Basic', { authorization: 'Basic eDp5' }, { code: 'forbidden', message: 'Not authorized' }],
    ['an unknown token', { authorization: 'Bearer x' }, { code: 'forbidden', message: 'Not authorized', invalidToken: true }],
  ])('is 403 with %s', async (_name, headers, error) => {
    const answer = await openSandbox().send(`/v10/projects?teamId=${teamId}`, { headers })
    expect([answer.status, await answer.json()]).toEqual([403, { error }])
  })

  it.each(['', '?teamId=team_other', '?teamId='])('is 403 for a team\'s token with the query %j', async (query) => {
    const browser = openSandbox()
    const { access_token } = await browser.connect()
    expect((await browser.send(`/v10/projects${query}`, { headers: { authorization: `Bearer ${access_token}` } })).status).toBe(403)
  })

  it('is 403 for a personal token that names a team', async () => {
    const browser = openSandbox()
    const { access_token } = await browser.connect(userId)
    expect((await browser.send(`/v10/projects?teamId=${teamId}`, { headers: { authorization: `Bearer ${access_token}` } })).status).toBe(403)
  })

  it.each([
    '/v9/projects/prj_nobody', `/v9/projects/${portfolio}`, `/v8/projects/${storefront}`, `/v9/projects/${storefront}/constructor`, `/v9/projects/${storefront}/env`, '/v2/teams/team_other',
    `/v2/teams/${teamId}/members`, '/v1/nothing', '/', '/v1/integrations/configuration/icfg_other', '/v1/integrations/configuration/',
  ])('is 404 for %s', async (path) => {
    const browser = openSandbox()
    const answer = await browser.get(path, await browser.connect())
    expect(answer.status).toBe(404)
    expect(await answer.json()).toMatchObject({ error: { code: 'not_found' } })
  })

  it('is 404 outside its folder', async () => {
    const { sandbox } = openSandbox()
    for (const path of ['/v10/projects', '/sandbox/vercelX/v10/projects']) expect((await sandbox.fetch(new Request(`http://localhost:3000${path}`))).status).toBe(404)
  })

  it('is read only, but for the installation', async () => {
    const browser = openSandbox()
    const { access_token, installation_id } = await browser.connect()
    const headers = { authorization: `Bearer ${access_token}` }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await browser.send(`/v9/projects/${storefront}?teamId=${teamId}`, { method, headers })
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET'])
    }
    expect((await browser.send(`/v1/integrations/configuration/${installation_id}?teamId=${teamId}`, { method: 'POST', headers })).status).toBe(405)
  })

  it('lists in pages, each entry once', async () => {
    const browser = openSandbox({ pageSize: 2 })
    const tokens = await browser.connect()
    const names: string[] = []
    for (let next: string | null = ''; next !== null;) {
      const page = listSchema.parse(await (await browser.get(`/v10/projects?limit=100${next && `&from=${next}`}`, tokens)).json())
      expect(page.projects.length).toBeLessThanOrEqual(2)
      names.push(...page.projects.map(project => project.name))
      next = page.pagination.next
    }
    expect(names).toEqual(['storefront', 'orders-api', 'docs', 'spring-campaign', 'back-office'])
  })

  it.each(['/v10/projects?limit=0', '/v10/projects?limit=101', '/v10/projects?limit=x', '/v10/projects?from=x', `/v9/projects/${storefront}/domains?until=x`, `/v3/teams/${teamId}/members?limit=0`])('is 400 for %s', async (path) => {
    const browser = openSandbox()
    expect((await browser.get(path, await browser.connect())).status).toBe(400)
  })

  it('counts calls per endpoint and minute', async () => {
    const time = clock()
    const browser = openSandbox({ now: time.now, requestsPerMinute: 2 })
    const tokens = await browser.connect()
    const first = await browser.get('/v10/projects', tokens)
    const reset = Math.ceil(time.now() / 1000) + 60
    expect(['limit', 'remaining', 'reset'].map(name => first.headers.get(`x-ratelimit-${name}`))).toEqual(['2', '1', String(reset)])
    await browser.get('/v10/projects', tokens)
    const third = await browser.get('/v10/projects', tokens)
    expect([third.status, await third.json()]).toEqual([429, { error: { code: 'rate_limited', message: expect.any(String) as string, limit: { remaining: 0, reset, total: 2 } } }])
    expect((await browser.get('/v2/user', tokens)).status).toBe(200)
    time.advance(60)
    expect((await browser.get('/v10/projects', tokens)).status).toBe(200)
  })

  it('fails on demand, and marks every answer', async () => {
    const browser = openSandbox({ faults: request => request.url.includes('/v2/user') ? Response.json({ error: { code: 'integration_configuration_disabled' } }, { status: 403, headers: { 'x-sandbox': 'vercel' } }) : undefined })
    const tokens = await browser.connect()
    const answers = [await browser.get('/v2/user', tokens), await browser.get('/v10/projects', tokens), await browser.send('/x'), await browser.send('/v2/oauth/access_token')]
    expect(answers.map(answer => [answer.status, answer.headers.get('x-sandbox')])).toEqual([[403, 'vercel'], [200, 'vercel'], [403, 'vercel'], [405, 'vercel']])
  })
})

describe('the connector at the stand-in', () => {
  const grant = async (browser: ReturnType<typeof openSandbox>) => {
    const { access_token, installation_id, user_id } = await browser.connect()
    return { accessToken: access_token, facts: { installation_id, user_id, team_id: teamId } }
  }

  it('follows all pages', async () => {
    const browser = openSandbox({ pageSize: 1 })
    const api = browser.reader(await grant(browser))
    expect((await api.get(projects))?.projects).toHaveLength(5)
    const team = await api.get(members)
    expect([team?.members?.length, team?.emailInviteCodes?.length]).toEqual([5, 1])
    expect((await Array.fromAsync(vercel.resources(api))).map(resource => resource.kind)).toEqual([...Array.from({ length: 5 }, () => 'project'), 'team'])
  })

  it('may not read variables, unless that was opted into', async () => {
    const without = openSandbox()
    const resource = { kind: 'project', externalId: storefront, name: '', metadata: {} }
    await expect(without.reader(await grant(without)).get(environment, resource)).rejects.toMatchObject({ kind: 'forbidden' })
    const browser = openSandbox({ permissions: ['read-write:global-project-env-vars'] })
    expect(JSON.stringify(await browser.reader(await grant(browser)).get(environment, resource))).not.toContain('nobody-may-keep')
  })

  it('lists the projects although it may not read its installation', async () => {
    const browser = openSandbox({ permissions: ['read:project', 'read:team'] })
    expect(await Array.fromAsync(vercel.resources(browser.reader(await grant(browser))))).toHaveLength(6)
  })

  it('may not end the installation with the permission to read it', async () => {
    const browser = openSandbox({ permissions: ['read:integration-configuration'] })
    const { access_token, installation_id } = await browser.connect()
    const path = `/v1/integrations/configuration/${installation_id}?teamId=${teamId}`
    expect((await browser.send(path, { method: 'DELETE', headers: { authorization: `Bearer ${access_token}` } })).status).toBe(403)
    expect((await browser.send(path, { headers: { authorization: `Bearer ${access_token}` } })).status).toBe(200)
  })
})
