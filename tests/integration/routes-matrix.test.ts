/** Every API route × who asks, by cookie and by token; and what every route has in common. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiClient, expectStatus, type Answer, type CallOptions, type SessionBody } from '../support/client.ts'
import { connectAndScan, newColleague, newCompany, settled, type Colleague, type Company } from '../support/company.ts'
import { CookieJar } from '../support/cookie-jar.ts'
import { land, startFlow } from '../support/flow.ts'
import { rawHttp } from '../support/raw-http.ts'
import { readSessionCookie } from '../support/session-cookie.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { callers, codes, expected, type Caller, type Entry, type World } from './routes/expected.ts'
import { isUnsafe, routesOfTree } from './routes/tree.ts'

const removal = 'DELETE /api/integrations/:id'

let stack: Stack
let acme: Company
let other: Colleague
let world: World
let waiting = ''

beforeAll(async () => {
  // The proxy's word for where a call comes from: the limits on sign-ups are counted by that.
  stack = await startStack({ env: { TRUST_PROXY: '1' } })
  acme = await newCompany(stack)
  other = (await newCompany(stack)).owner
  const { integrationId: removed } = await connectAndScan(acme.owner.client)
  const receiptId = (await acme.owner.client.delete(`/api/integrations/${removed}`)).headers.get('x-receipt')?.split('/').at(-1) ?? ''
  const connected = await connectAndScan(acme.owner.client)
  world = {
    mode: stack.backend.mode, organizationId: acme.organizationId, organizationName: acme.owner.person.organization, receiptId, adminId: acme.admin.id, memberId: acme.member.id, ...connected,
    fresh: {
      colleague: () => newColleague(stack, acme.owner.client, 'member'),
      invitationId: async () => expectStatus(await acme.owner.client.post<{ id: string }>('/api/invitations', { email: `${randomUUID()}@example.com` }), 201).id,
      organizationId: async () => {
        const client = new ApiClient(stack.app.url, acme.owner.client.jar.copy())
        const made = expectStatus(await client.post<SessionBody>('/api/organizations', { name: world.organizationName }), 201)
        return made.organization?.id ?? ''
      },
      integrationId: async () => {
        const { integrationId, resourceId, assessmentId } = await connectAndScan(acme.owner.client)
        Object.assign(world, { integrationId, resourceId, assessmentId })
        return integrationId
      },
      connectionId: async () => {
        if (waiting && (await acme.owner.client.get(`/api/connections/${waiting}`)).status === 200) return waiting
        stack.provider.fail({ kind: () => Response.json([{ id: 'elsewhere', slug: 'elsewhere', name: 'Elsewhere' }]), path: /^\/v1\/organizations$/, times: 1 })
        const flow = await startFlow(acme.owner.client, `?integration_id=${world.integrationId}`)
        waiting = (await land(acme.owner.client, await flow.answer('approve'))).split('/').at(-1) ?? ''
        return waiting
      },
      idleIntegrationId: async () => {
        if ((await acme.owner.client.get(`/api/integrations/${world.integrationId}`)).status !== 200) await world.fresh.integrationId()
        await settled(acme.owner.client, world.integrationId)
        return world.integrationId
      },
      calendar: async () => void expectStatus(await acme.owner.client.post('/api/calendar'), 201),
    },
  }
})
afterAll(() => stack?.close())

/** A client whose cookies a call may change. */
async function clientOf(caller: Caller, entry: Entry): Promise<ApiClient> {
  if (caller === 'nobody') return new ApiClient(stack.app.url)
  const known = caller === 'other' ? other : acme[caller]
  if (!entry.ownSession) return new ApiClient(stack.app.url, known.client.jar.copy())
  const client = new ApiClient(stack.app.url)
  await client.signIn(known.person)
  return client
}

async function bearerOf(caller: Caller, entry: Entry): Promise<CallOptions> {
  if (caller === 'nobody') return {}
  const { access_token } = readSessionCookie((await clientOf(caller, entry)).jar)
  return { origin: null, headers: { authorization: `Bearer ${access_token}` } }
}

async function request(route: string, caller: Caller, status: string, by: 'cookie' | 'bearer'): Promise<Answer> {
  const [method = '', pattern = ''] = route.replace('ALL', 'GET').split(' ')
  const entry = expected[route] ?? { answers: '' }
  const path = await entry.path?.(world, /^2/.test(status)) ?? pattern
  const options = { ...(by === 'bearer' ? await bearerOf(caller, entry) : {}), json: entry.body?.(world) }
  const client = by === 'bearer' ? new ApiClient(stack.app.url, new CookieJar()) : await clientOf(caller, entry)
  return client.call(method, path, options)
}

function expectProblem(answer: Answer, code: string): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.body).toMatchObject({
    type: `urn:allyship:problem:${code}`, status: answer.status, code, title: expect.any(String) as string, detail: expect.any(String) as string,
  })
}

describe('every route × caller', () => {
  it('has a line for every route, and no line without one', () => {
    expect(Object.keys(expected).sort(), 'To fix: say in tests/integration/routes/expected.ts what each caller gets').toEqual(routesOfTree())
  })

  // What ends the integration that the others ask for comes last.
  const inOrder = Object.keys(expected).sort((a, b) => Number(a === removal) - Number(b === removal))
  const cases = inOrder.flatMap(route => (['cookie', 'bearer'] as const).map(by => [route, by] as const))
  it.each(cases)('%s by %s', async (route, by) => {
    const line = expected[route]?.answers ?? ''
    const wanted = (typeof line === 'string' ? line : line(world)).split(' ')
    const seen: string[] = []
    for (const [index, caller] of callers.entries()) {
      const answer = await request(route, caller, wanted[index] ?? '', by)
      seen.push(String(answer.status))
      if (answer.status >= 400) expectProblem(answer, codes[answer.status] ?? '?')
      else if (answer.status === 204) expect(answer.text).toBe('')
    }
    expect(seen.join(' ')).toBe(wanted.join(' '))
  })

  it('sends the browser back to the page with a code from every callback', async () => {
    for (const path of ['/api/auth/callback', '/api/auth/supabase/callback']) {
      expect((await new ApiClient(stack.app.url).get(path)).location).toMatch(/^\/integrations\?error=[a-z_]+$/)
      expect((await acme.owner.client.get(path)).location).toMatch(/^\/integrations\?error=[a-z_]+$/)
    }
    expectProblem(await acme.owner.client.get('/api/auth/nobody/callback'), 'not_found')
    expectProblem(await acme.owner.client.get('/api/auth/nobody/login'), 'not_found')
  })

  it('says to who asks for a page, not for JSON, where to sign in', async () => {
    const headers = { accept: 'text/html' }
    expect((await new ApiClient(stack.app.url).get('/api/auth/login', { headers })).location).toBe('/sign-in?returnTo=%2Fintegrations')
    expect((await acme.member.client.get('/api/auth/login', { headers })).location).toBe('/integrations?error=forbidden')
  })
})

describe('another organization\'s', () => {
  beforeAll(async () => void await world.fresh.idleIntegrationId())

  /** The whole answer, but for what names this one request. */
  const whole = ({ status, headers, text }: Answer, id: string) => {
    const kept = [...headers].filter(([name]) => !['date', 'x-request-id', 'keep-alive'].includes(name))
    return { status, headers: kept, text: text.replaceAll(id, ':id') }
  }
  const withIds = Object.entries(expected).filter(([route, { path }]) => path && /:(?:id|user|resource)/.test(route)).map(([route]) => route)

  it.each(withIds)('%s looks exactly like one that does not exist', async (route) => {
    const [method = ''] = route.split(' ')
    const json = expected[route]?.body?.(world)
    const existing = await expected[route]?.path?.(world, false) ?? ''
    // Every id of the path in turn: an unknown resource of a known integration, too.
    for (const [id = ''] of existing.matchAll(/[0-9a-f-]{36}/g)) {
      const unknown = randomUUID()
      const theirs = await other.client.call(method, existing, { json })
      const nowhere = await other.client.call(method, existing.replace(id, unknown), { json })
      expect(theirs.status).toBe(404)
      expect(whole(theirs, id)).toEqual(whole(nowhere, unknown))
    }
    const mine = await acme.owner.client.call(method, existing.replace(/[0-9a-f-]{36}$|[0-9a-f-]{36}(?=\/(?:scan|resources|scopes|confirm|health)$)/, randomUUID()), { json })
    expect(mine.status).toBe(404)
  })

  it('id in a filter finds nothing', async () => {
    for (const list of ['assessments', 'findings', 'audit']) {
      expect((await other.client.get(`/api/${list}?integration_id=${world.integrationId}`)).body).toEqual({ data: [], next_cursor: null })
    }
  })

  it.each(Object.keys(expected).filter(route => route.startsWith('GET ') && !/auth|health|:/.test(route)))('%s holds nothing of it when the caller names that organization', async (route) => {
    const path = route.split(' ')[1] ?? ''
    const jar = other.client.jar.copy()
    jar.store(new Headers({ 'set-cookie': `organization=${acme.organizationId}; Path=/` }))
    const byCookie = new ApiClient(stack.app.url, jar)
    for (const answer of [await byCookie.get(path), await other.client.get(path, { headers: { 'x-organization-id': acme.organizationId } })]) {
      // Their own log holds the paths that they were refused.
      const secrets = [acme.organizationId, acme.owner.id, acme.owner.person.email, ...(route.startsWith('GET /api/audit') ? [] : [world.integrationId])]
      expect(secrets.filter(secret => answer.text.includes(secret))).toEqual([])
      expect(answer.status).toBeLessThan(500)
    }
  })
})

describe('a call from another site', () => {
  const unsafe = Object.keys(expected).filter(route => isUnsafe(route) && !expected[route]?.anyOrigin)
  const foreign: CallOptions[] = [
    { origin: 'https://evil.example' }, { origin: 'null' }, { origin: null, headers: { 'sec-fetch-site': 'cross-site' } }, { origin: null, headers: { 'sec-fetch-site': 'same-site' } },
  ]

  it.each(unsafe)('%s is refused, whoever is signed in', async (route) => {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(/:\w+/g, randomUUID())
    for (const options of foreign) {
      const answer = await new ApiClient(stack.app.url, acme.owner.client.jar.copy()).call(method, path, { ...options, json: {} })
      expect(answer.status).toBe(403)
      expectProblem(answer, 'origin_mismatch')
      expect(answer.headers.getSetCookie()).toEqual([])
    }
  })

  it.each(unsafe)('%s is taken from the application itself, and from what is no browser', async (route) => {
    const [method = '', pattern = ''] = route.split(' ')
    const path = pattern.replace(/:\w+/g, randomUUID())
    const calls: CallOptions[] = [{}, { origin: null }, { headers: { 'sec-fetch-site': 'same-origin' } }, { origin: null, headers: { 'sec-fetch-site': 'none' } }]
    for (const options of calls) {
      expect((await new ApiClient(stack.app.url).call(method, path, { ...options, json: {} })).body).not.toMatchObject({ code: 'origin_mismatch' })
    }
  })

  it.each(['//api/session', '/api//session', '/%61pi/session', '/api/session/', '/API/session', '/api/session?x', '/./api/session', '/x/../api/session'])('does not get in by way of %s', async (path) => {
    const jar = acme.member.client.jar.copy()
    const { status } = await rawHttp(stack.app.port, `DELETE ${path} HTTP/1.1\r\nHost: localhost:${stack.app.port}\r\nOrigin: https://evil.example\r\nCookie: ${jar.header('/api/session')}\r\nConnection: close\r\n\r\n`)
    expect([403, 404, 405]).toContain(status)
    expect((await acme.member.client.get('/api/session')).status).toBe(200)
  })

  it('gets no CORS header, not even on a preflight', async () => {
    for (const method of ['OPTIONS', 'GET']) {
      const { headers } = await acme.owner.client.call(method, '/api/integrations', { origin: 'https://evil.example', headers: { 'access-control-request-method': 'GET' } })
      expect([...headers.keys()].filter(name => name.startsWith('access-control-'))).toEqual([])
    }
  })
})

describe('the session and the role are asked before the input', () => {
  it.each(Object.entries(expected).filter(([, { answers }]) => typeof answers === 'string' && answers.startsWith('401')).map(([route]) => route))('%s', async (route) => {
    const [method = '', pattern = ''] = route.split(' ')
    // The role in the organization of the path, not in the current one.
    const id = pattern === '/api/organizations/:id' ? acme.organizationId : 'not-an-id'
    const path = `${pattern.replace(':provider', 'supabase').replace(/:\w+/g, id)}?surplus=1`
    const send = (client: ApiClient) => client.call(method, path, method === 'GET' ? {} : { body: '{' })
    expect((await send(new ApiClient(stack.app.url))).status).toBe(401)
    const forMember = expected[route]?.answers.toString().split(' ')[2]
    expect((await send(acme.member.client)).status).toBe(forMember === '403' && route !== 'DELETE /api/members/:user' ? 403 : 400)
  })
})
