/** Every route and every page in every state of a session, and all that is known to set a cookie. */
import { randomUUID } from 'node:crypto'
import { connectAndScan } from '../../support/company.ts'
import { ApiClient, expectStatus, newPerson, type CallOptions, type Person, type SessionBody } from '../../support/client.ts'
import { flowCookies, land, startFlow } from '../../support/flow.ts'
import { changeSessionCookie, expireAccessToken, readSessionCookie } from '../../support/session-cookie.ts'
import type { Stack } from '../../support/stack.ts'
import { inputs } from '../always-true/malformed.ts'
import { otherRoutesOfTree, pagesOfTree, routesOfTree } from '../routes/tree.ts'

export const everyRoute = () => [...routesOfTree(), ...otherRoutesOfTree(), ...pagesOfTree().map(page => `GET ${page}`)]

/** Ends what the others need: called last. */
const last = ['DELETE /api/integrations/:id', 'DELETE /api/session']
const inOrder = (routes: string[]) => routes.filter(route => !last.includes(route)).concat(last)

type Ids = Record<string, string>

function pathOf(pattern: string, ids: Ids): string {
  return pattern.replace('**', 'nowhere').replace(/:(\w+)/g, (_, name: string) => ids[name] ?? randomUUID())
}

async function callAll(ids: Ids, client: (route: string) => Promise<ApiClient>, options: CallOptions = {}): Promise<void> {
  for (const route of inOrder(routesOfTree())) {
    const [method = '', pattern = ''] = route.replace('ALL', 'GET').split(' ')
    await (await client(route)).call(method, pathOf(pattern, ids), { json: inputs[route]?.body?.fits, ...options })
  }
  const html = { headers: { ...options.headers, accept: 'text/html' } }
  for (const route of otherRoutesOfTree()) await (await client(route)).get(pathOf(route.split(' ')[1] ?? '', ids))
  for (const page of pagesOfTree()) await (await client(page)).get(pathOf(page, ids), html)
}

/** In the states in which somebody may be. @returns the integration's id, which is there no more */
export async function callEveryRoute(stack: Stack): Promise<string> {
  const person = newPerson()
  const signedIn = await stack.person(person)
  const { integrationId: id } = await connectAndScan(signedIn)
  const ids = { id, provider: 'supabase', integration: id }
  const arrive = async (change?: (client: ApiClient) => unknown) => {
    const client = new ApiClient(stack.app.url)
    await client.signIn(person)
    await change?.(client)
    return client
  }
  await callAll(ids, async () => new ApiClient(stack.app.url))
  await callAll(ids, async () => new ApiClient(stack.app.url), { origin: null, headers: { authorization: 'Bearer nobody' } })
  // Each in a browser of its own, as far as the limits on signing in allow: a call may end or change the session.
  const ended = await arrive(client => expireAccessToken(client.jar))
  await callAll(ids, async route => last.includes(route) ? arrive() : new ApiClient(stack.app.url, ended.jar.copy()))
  const { integrationId } = await connectAndScan(await arrive())
  const connecting = await arrive(client => startFlow(client))
  await callAll({ ...ids, id: integrationId }, async route => last.includes(route) ? arrive() : connecting)
  return id
}

/** All that is known to set a cookie or to take one away. Leaves an integration behind. */
export async function setEveryCookie(stack: Stack): Promise<void> {
  const person = newPerson()
  const client = await stack.person(person)
  await connect(stack, client)
  await switchOrganizations(client)
  await loseSession(stack, person)
  await client.delete('/api/session')
  // Consents under way are bound to their person, and end by themselves.
  const left = client.jar.all().filter(cookie => !cookie.name.startsWith('connect_'))
  if (left.length > 0) throw new Error(`Signing out left ${left.map(cookie => cookie.name).join(', ')}`)
}

async function connect({ provider, person }: Stack, client: ApiClient): Promise<void> {
  await client.connect('supabase', 'deny')
  for (const status of [400, 401, 500]) {
    provider.fail({ kind: async () => Response.json({ error: 'server_error' }, { status }), path: '/v1/oauth/token', times: 1 })
    await client.connect()
  }
  // A state of somebody else's, one that was used, one without its cookie, and more at once than a browser keeps.
  const flow = await startFlow(client)
  await land(client, `/api/auth/supabase/callback?code=x&state=${'x'.repeat(43)}`)
  await land(await person(), await (await startFlow(client)).answer('approve'))
  const used = await flow.answer('approve')
  await land(client, used)
  await land(client, used)
  await client.get('/api/auth/callback?error=access_denied')
  for (let count = 0; count < 12; count++) await startFlow(client)
  if (flowCookies(client).length > 8) throw new Error('More consents at once than are kept')
  await client.connect()
  // In the middle of it the person signs out, and somebody else signs up at the same browser: refused, the cookie taken away.
  const [late, theirs] = [await (await startFlow(client)).answer('approve'), await (await startFlow(client)).answer('approve')]
  await client.delete('/api/session')
  await land(client, late)
  await client.signUp()
  await land(client, theirs)
}

async function switchOrganizations(client: ApiClient): Promise<void> {
  const first = expectStatus(await client.get<SessionBody>('/api/session'), 200).organization?.id
  expectStatus(await client.post('/api/organizations', { name: 'Another' }), 201)
  expectStatus(await client.put('/api/session/organization', { organization_id: first }), 200)
  await client.put('/api/session/organization', { organization_id: randomUUID() })
  // Names an organization that is not the person's (any more): the page forgets it.
  client.jar.store(new Headers({ 'set-cookie': `organization=${randomUUID()}; Path=/` }))
  await client.get('/', { headers: { accept: 'text/html' } })
}

async function loseSession(stack: Stack, person: Person): Promise<void> {
  const client = new ApiClient(stack.app.url)
  await client.post('/api/session', { email: person.email, password: 'wrong password' })
  for (const path of ['/api/session', '/']) {
    await client.signIn(person)
    expireAccessToken(client.jar)
    const before = readSessionCookie(client.jar).refresh_token
    await client.get(path, { headers: { accept: 'text/html' } })
    if (readSessionCookie(client.jar).refresh_token === before) throw new Error(`${path} did not renew the session`)
  }
  // A session that the auth server does not know: taken away.
  changeSessionCookie(client.jar, { refresh_token: 'unknown', expires_at: 1 })
  await client.get('/api/session')
}
