/**
 * Connections that people start at the provider: a callback with a code that nobody here asked for. Over HTTP, on the product's
 * own routes, with a connector that allows it.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { installationCookieName, openInstallation, sealInstallation, type Installation } from '#server/oauth/installation'
import { ApiClient, expectStatus, newPerson, type Answer, type Person, type SessionBody } from '../support/client.ts'
import { install } from '../support/connections.ts'
import { startEdge, type Edge } from '../support/edge.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { noisy } from '../support/test-connectors.ts'
import { faultsOf, parseSetCookies } from './set-cookie/known.ts'

interface Problem { code: string, reason?: string }
interface View { provider: string, organization: { id: string, name: string }, facts: Record<string, string>, sandbox: boolean, expires_at: string }

let rooms: Rooms
let provider: RotatingProvider
let edge: Edge
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider({ main: 3600 })
  install(noisy, { env: id => ({ ...provider.env(id), NOISY_APP_NAME: 'ours' }) })
  edge = await startEdge()
})
afterAll(async () => {
  useConnectors(null)
  await edge?.close()
  await provider?.close()
  await rooms?.close()
})
beforeEach(() => {
  provider.tokenCalls.splice(0)
  provider.fault = null
})

async function somebody(person: Person = newPerson()): Promise<ApiClient> {
  const client = new ApiClient(edge.url)
  await client.signUp(person)
  return client
}
const newCode = () => `code_${randomUUID()}`
const callback = (code: string, more = '&installation_id=42&team_id=T1') => `/api/auth/noisy/callback?code=${code}${more}`

/** Opens a callback. @returns the id under which the page asks */
async function offered(client: ApiClient, path: string): Promise<string> {
  const answer = await client.get(path)
  expectStatus(answer, 302)
  const to = new URL(answer.location ?? '', edge.url)
  expect([to.pathname, to.searchParams.get('provider')], answer.location ?? '').toEqual(['/integrations/install', 'noisy'])
  return to.searchParams.get('flow') ?? ''
}
const look = (client: ApiClient, flow: string) => client.get<View & Problem>(`/api/auth/noisy/install?flow=${flow}`)
const answer = (client: ApiClient, flow: string, confirm: boolean): Promise<Answer<{ integration_id: string } & Problem>> => client.post('/api/auth/noisy/install', { flow, confirm })
const installCookies = (client: ApiClient) => client.jar.all().filter(cookie => cookie.name.startsWith('install_'))
const stored = async (client: ApiClient) => expectStatus(await client.get<{ data: { id: string, config: unknown }[] }>('/api/integrations'), 200).data
const land = async (client: ApiClient, path: string) => (await client.get(path)).location

/** A browser with a copy of what this one has. */
const copyOf = (client: ApiClient) => new ApiClient(edge.url, client.jar.copy())

describe('a callback that nobody here had started', () => {
  it('stores nothing, asks the provider nothing, and waits sealed for the person\'s word', async () => {
    const client = await somebody()
    const code = newCode()
    const response = await client.get(callback(code))
    const flow = await offered(copyOf(client), callback(code))
    expect(flow).toMatch(/^[0-9a-f]{16}$/)
    expect(provider.tokenCalls).toEqual([])
    expect(await stored(client)).toEqual([])

    // The one cookie is as the product says that its cookies are, and tells nobody anything.
    const cookies = parseSetCookies('GET /api/auth/noisy/callback', response.headers.getSetCookie())
    expect(cookies.map(cookie => cookie.name.replace(/[0-9a-f]{16}$/, ''))).toEqual(['install_'])
    expect(cookies.flatMap(cookie => faultsOf(cookie, false))).toEqual([])
    expect(`${response.location} ${cookies[0]?.value}`).not.toContain(code)
    const session = expectStatus(await client.get<SessionBody>('/api/session'), 200)
    expect(openInstallation(cookies[0]?.value ?? '')).toMatchObject({
      provider: 'noisy', code, facts: { installation_id: '42', team_id: 'T1' }, for: { userId: session.user.id, organizationId: session.organization?.id },
    })
  })

  it('is connected when the person says yes, once', async () => {
    const client = await somebody()
    const { organization } = expectStatus(await client.get<SessionBody>('/api/session'), 200)
    const flow = await offered(client, callback(newCode()))
    expect(expectStatus(await look(client, flow), 200)).toEqual({
      provider: 'noisy', organization, facts: { installation_id: '42', team_id: 'T1' }, sandbox: false, expires_at: expect.any(String) as string,
    })
    expect(provider.tokenCalls).toEqual([])
    const thief = copyOf(client)
    const { integration_id: id } = expectStatus(await answer(client, flow, true), 200)
    expect((await stored(client)).map(one => one.id)).toEqual([id])
    const [row] = await rooms.sql<{ facts: Record<string, string> }>('select config -> \'facts\' as facts from public.integrations where id = $1', [id])
    expect(row?.facts).toMatchObject({ installation_id: '42', team_id: 'T1' })
    expect(provider.tokenCalls.map(call => call.grantType)).toEqual(['authorization_code'])

    // Answered: the cookie is gone, and a copy of it gets nowhere.
    expect(installCookies(client)).toEqual([])
    expect((await answer(client, flow, true)).status).toBe(404)
    expect((await answer(thief, flow, true)).body).toMatchObject({ code: 'connection_refused', reason: 'flow_missing' })
    expect(provider.tokenCalls).toHaveLength(1)
  })

  it('is gone when the person says no, and with it every copy', async () => {
    const client = await somebody()
    const code = newCode()
    const flow = await offered(client, callback(code))
    const thief = copyOf(client)
    const declined = await answer(client, flow, false)
    expect([declined.status, declined.text]).toEqual([204, ''])
    expect(installCookies(client)).toEqual([])
    expect((await look(client, flow)).status).toBe(404)
    expect((await answer(thief, flow, true)).body).toMatchObject({ reason: 'flow_missing' })
    // The same address once more, from the browser's history.
    const again = await offered(client, callback(code))
    expect((await answer(client, again, true)).body).toMatchObject({ code: 'connection_refused', reason: 'flow_missing' })
    expect(provider.tokenCalls).toEqual([])
    expect(await stored(client)).toEqual([])
    const entries = await rooms.sql<{ code: string }>('select detail ->> \'code\' as code from public.audit_log where action = \'integration.refused\' and organization_id = (select organization_id from public.user_organizations where user_id = $1) order by seq', [expectStatus(await client.get<SessionBody>('/api/session'), 200).user.id])
    expect(entries.map(entry => entry.code)).toContain('declined')
  })

  it('spends its code once, however many say yes at once', async () => {
    const client = await somebody()
    const flow = await offered(client, callback(newCode()))
    const answers = await Promise.all(Array.from({ length: 6 }, () => answer(copyOf(client), flow, true)))
    expect(answers.map(one => one.status).sort()).toEqual([200, 409, 409, 409, 409, 409])
    expect(provider.tokenCalls).toHaveLength(1)
    expect(await stored(client)).toHaveLength(1)
  })

  it('does not collide with another one in the same browser, of which the oldest is forgotten', async () => {
    const client = await somebody()
    const flows = [await offered(client, callback(newCode())), await offered(client, callback(newCode())), await offered(client, callback(newCode()))]
    expect((await Promise.all(flows.map(flow => look(client, flow)))).map(one => one.status)).toEqual([404, 200, 200])
    expectStatus(await answer(client, flows[2] ?? '', true), 200)
    expectStatus(await answer(client, flows[1] ?? '', true), 200)
    // The same account: a reconnect.
    expect(await stored(client)).toHaveLength(1)
  })

  it('says why it did not come about', async () => {
    const client = await somebody()
    provider.fault = () => Response.json({ error: 'invalid_grant' }, { status: 400 })
    const refused = await answer(client, await offered(client, callback(newCode())), true)
    expect([refused.status, refused.body]).toMatchObject([409, { code: 'connection_refused', reason: 'code_refused' }])
    provider.fault = null
    expect((await answer(client, await offered(client, callback(newCode(), '&installation_id=forged')), true)).body).toMatchObject({ reason: 'account_not_found' })
    expect(await stored(client)).toEqual([])
  })
})

describe('nobody is signed in', () => {
  it('waits for whoever signs in, who alone may then answer', async () => {
    const person = newPerson()
    await somebody(person)
    const browser = new ApiClient(edge.url)
    const flow = await offered(browser, callback(newCode()))
    expect((await look(browser, flow)).status).toBe(401)
    expect((await answer(browser, flow, true)).status).toBe(401)
    expect(openInstallation(installCookies(browser)[0]?.value ?? '').for).toBeNull()

    await browser.signIn(person)
    // Not before it was looked at: nobody has said for which organization.
    const unseen = copyOf(browser)
    expect((await answer(unseen, flow, true)).status).toBe(404)
    expect(expectStatus(await look(browser, flow), 200).organization.name).toBe(person.organization)
    // Another person at the same browser.
    const other = newPerson()
    await somebody(other)
    const late = copyOf(browser)
    await late.signIn(other)
    expect((await look(late, flow)).status).toBe(404)
    expect((await answer(late, flow, true)).status).toBe(404)
    expectStatus(await answer(browser, flow, true), 200)
    expect(provider.tokenCalls).toHaveLength(1)
  })
})

describe('it is refused', () => {
  it('to a member, whose role may not connect', async () => {
    const owner = await somebody()
    const { organization } = expectStatus(await owner.get<SessionBody>('/api/session'), 200)
    const person = newPerson()
    const member = await somebody(person)
    const { user } = expectStatus(await member.get<SessionBody>('/api/session'), 200)
    await rooms.sql('insert into public.user_organizations (organization_id, user_id, role) values ($1, $2, \'member\')', [organization?.id, user.id])
    expectStatus(await member.put('/api/session/organization', { organization_id: organization?.id }), 200)
    expect(await land(member, callback(newCode()))).toBe('/integrations?error=forbidden')
    expect(installCookies(member)).toEqual([])
  })

  it('in another organization than the one that was shown', async () => {
    const client = await somebody()
    const flow = await offered(client, callback(newCode()))
    expectStatus(await look(client, flow), 200)
    expectStatus(await client.post('/api/organizations', { name: 'Another' }), 201)
    expect((await look(client, flow)).status).toBe(404)
    expect((await answer(client, flow, true)).status).toBe(404)
    expect(provider.tokenCalls).toEqual([])
  })

  it('when it is older than ten minutes, altered, or another provider\'s', async () => {
    const client = await somebody()
    const { user, organization } = expectStatus(await client.get<SessionBody>('/api/session'), 200)
    const plant = (changes: Partial<Installation>, damage = (value: string) => value) => {
      const id = '0123456789abcdef'
      const value = sealInstallation({ id, provider: 'noisy', code: newCode(), facts: {}, for: { userId: user.id, organizationId: organization?.id ?? '' }, createdAt: Date.now(), ...changes }) ?? ''
      client.jar.store(new Headers({ 'set-cookie': `${installationCookieName(id)}=${damage(value)}; Path=/api/auth` }))
      return id
    }
    expectStatus(await look(client, plant({})), 200)
    const late = await answer(client, plant({ createdAt: Date.now() - 601_000 }), true)
    expect([late.status, late.body]).toMatchObject([410, { code: 'connection_expired' }])
    expect((await look(client, plant({ createdAt: Date.now() - 601_000 }))).status).toBe(410)
    for (const [changes, damage] of [[{ provider: 'supabase' }], [{ id: 'f'.repeat(16) }], [{}, (value: string) => `B${value.slice(1, -1)}`]] as const) {
      expect((await answer(client, plant(changes, damage), true)).status).toBe(404)
    }
    expect(provider.tokenCalls).toEqual([])
  })

  it('from another site, and with a body that says something else', async () => {
    const client = await somebody()
    const flow = await offered(client, callback(newCode()))
    const foreign = await client.post('/api/auth/noisy/install', { flow, confirm: true }, { origin: 'https://evil.example' })
    expect([foreign.status, foreign.body]).toMatchObject([403, { code: 'origin_mismatch' }])
    for (const body of [{ flow }, { flow, confirm: 'true' }, { flow: 'x', confirm: true }, { flow, confirm: true, code: 'mine' }]) {
      expect((await client.post('/api/auth/noisy/install', body)).status).toBe(400)
    }
    expectStatus(await answer(client, flow, true), 200)
  })

  it('by a connector that does not allow it', async () => {
    const client = await somebody()
    expect(await land(client, '/api/auth/supabase/callback?code=x')).toBe('/integrations?error=flow_missing')
    expect(client.jar.all().filter(cookie => /^(?:install|connect)_/.test(cookie.name))).toEqual([])
    expect((await client.get(`/api/auth/supabase/install?flow=${'0'.repeat(16)}`)).status).toBe(404)
    expect((await client.post('/api/auth/supabase/install', { flow: '0'.repeat(16), confirm: true })).status).toBe(404)
  })

  it.each([
    ['a denial', 'error=access_denied', 'access_denied'],
    ['no code', 'setup_action=update&installation_id=42', 'code_missing'],
    ['a request that somebody has to approve', 'setup_action=request', 'approval_pending'],
    ['two codes', 'code=a&code=b', 'provider_refused'],
    ['a fact that is none', `code=a&team_id=${'x'.repeat(300)}`, 'provider_refused'],
    ['more than a cookie holds', `code=${'x'.repeat(4_000)}`, 'provider_refused'],
  ])('with a sentence: %s', async (_, query, code) => {
    const client = await somebody()
    expect(await land(client, `/api/auth/noisy/callback?${query}`)).toBe(`/integrations?error=${code}`)
    expect(installCookies(client)).toEqual([])
    expect(await stored(client)).toEqual([])
  })
})

it('a start of our own goes on as before, with the facts that its callback brings', async () => {
  const client = await somebody()
  const login = await client.get('/api/auth/noisy/login')
  const authorize = new URL(login.location ?? '')
  expect([authorize.pathname, authorize.searchParams.has('code_challenge')]).toEqual(['/apps/ours/authorize', false])
  const state = authorize.searchParams.get('state') ?? ''
  expect(await land(client, `${callback(newCode())}&state=${state}`)).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
  const [row] = await rooms.sql<{ facts: Record<string, string> }>('select config -> \'facts\' as facts from public.integrations where id = $1', [(await stored(client))[0]?.id])
  expect(row?.facts).toMatchObject({ installation_id: '42', team_id: 'T1', plan: 'team' })
})
