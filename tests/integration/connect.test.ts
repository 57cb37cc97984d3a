/** Connecting: every way in which it is refused, and what it says to the provider. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { callbackErrors, type CallbackErrorCode } from '#shared/callback-errors'
import { newEncryptionKey } from '../support/backend.ts'
import { expectStatus, type ApiClient } from '../support/client.ts'
import type { Fault } from '../support/faults.ts'
import { flowCookies, land, plantFlow, startFlow } from '../support/flow.ts'
import { newColleague } from '../support/company.ts'
import { startStack, type Stack } from '../support/stack.ts'

const encryptionKey = newEncryptionKey()
const guard = join(import.meta.dirname, '../support/only-loopback.ts')
let stack: Stack
beforeAll(async () => {
  // No address of an authorization server: it is where the API is.
  stack = await startStack({ env: { ENCRYPTION_KEY: encryptionKey, SUPABASE_AUTH_URL: undefined, NODE_OPTIONS: `--import=${guard}` } })
})
afterAll(() => stack?.close())
beforeEach(() => { stack.provider.calls.splice(0) })
afterEach(() => stack.provider.clearFaults())

const tokenCalls = () => stack.provider.calls.filter(call => call.path === '/v1/oauth/token')
const revocations = () => stack.provider.count({ path: '/v1/oauth/revoke' })

async function expectNothingStored(client: ApiClient): Promise<void> {
  for (const list of ['integrations', 'assessments', 'findings']) {
    expect(expectStatus(await client.get<{ data: unknown[] }>(`/api/${list}`), 200).data, list).toEqual([])
  }
  const { data } = expectStatus(await client.get<{ data: { action: string }[] }>('/api/audit?limit=200'), 200)
  expect(data.filter(entry => ['integration.connected', 'integration.reconnected', 'credential.used'].includes(entry.action))).toEqual([])
}

/** Lands on the page with this error, whose cookie is gone, and a second try with the same callback gets nowhere. */
async function expectRefused(client: ApiClient, callback: string, code: CallbackErrorCode): Promise<void> {
  expect(await land(client, callback)).toBe(`/integrations?error=${code}`)
  expect(callbackErrors).toHaveProperty(code)
  expect(flowCookies(client)).toEqual([])
  const redeemed = tokenCalls().length
  expect(await land(client, callback)).toMatch(/^\/integrations\?error=/)
  expect(tokenCalls()).toHaveLength(redeemed)
}

// First, while nobody has connected anything: whose grant it is, is not known to all of these, and the provider would end all of
// an account's access at once.
describe('of a grant nothing is stored', () => {
  let client: ApiClient
  beforeAll(async () => { client = await stack.person() })

  it.each<[string, Fault, CallbackErrorCode]>([
    ['there is no project', { kind: () => Response.json([]), path: '/v1/projects' }, 'no_project'],
    ['there is no organization', { kind: () => Response.json([]), path: '/v1/organizations' }, 'provider_unavailable'],
    ['projects may not be listed', { kind: 'forbidden', path: '/v1/projects' }, 'permission_missing'],
    ['organizations may not be listed', { kind: 'forbidden', path: '/v1/organizations' }, 'permission_missing'],
    ['the new token is refused', { kind: 'unauthorized', path: '/v1/projects' }, 'permission_missing'],
    ['the list is a page', { kind: 'html', path: '/v1/projects' }, 'provider_unavailable'],
    ['the list has another shape', { kind: 'wrong_shape', path: '/v1/projects' }, 'provider_unavailable'],
    ['the list is too long', { kind: 'huge', path: '/v1/projects' }, 'provider_unavailable'],
  ])('when %s, and the grant is ended', async (_what, fault, code) => {
    const callback = await (await startFlow(client)).answer('approve')
    stack.provider.fail(fault)
    await expectRefused(client, callback, code)
    await expectNothingStored(client)
    expect(revocations()).toBe(1)
  })
})

describe('a callback is refused', () => {
  // One person for all of these: at the end nothing must have been stored of any of them.
  let client: ApiClient
  beforeAll(async () => { client = await stack.person() })

  it('when consent was denied', async () => {
    const flow = await startFlow(client)
    await expectRefused(client, await flow.answer('deny'), 'access_denied')
    await expectNothingStored(client)
    expect(tokenCalls()).toEqual([])
  })

  it.each<[string, (callback: URL) => void, CallbackErrorCode]>([
    ['with another state', callback => callback.searchParams.set('state', 'x'.repeat(43)), 'state_mismatch'],
    ['without a state', callback => callback.searchParams.delete('state'), 'flow_missing'],
    ['with two states', callback => callback.searchParams.append('state', 'another'), 'provider_refused'],
    ['with an empty state', callback => callback.searchParams.set('state', ''), 'flow_missing'],
    ['with a state that is too long', callback => callback.searchParams.set('state', 'x'.repeat(5000)), 'flow_missing'],
  ])('%s, which leaves the flow that was started untouched', async (_what, change, code) => {
    const client = await stack.person()
    const right = await (await startFlow(client)).answer('approve')
    const wrong = new URL(right, stack.app.url)
    change(wrong)
    expect(await land(client, wrong.pathname + wrong.search)).toBe(`/integrations?error=${code}`)
    expect(tokenCalls()).toEqual([])
    await expectNothingStored(client)
    expect(await land(client, right)).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
  })

  it.each<[string, (callback: URL) => void, CallbackErrorCode]>([
    ['without a code', callback => callback.searchParams.delete('code'), 'code_missing'],
    ['with two codes', callback => callback.searchParams.append('code', 'another'), 'provider_refused'],
    ['with a code that is too long', callback => callback.searchParams.set('code', 'x'.repeat(5000)), 'code_missing'],
    ['with a code that the provider never gave', callback => callback.searchParams.set('code', 'code_made_up'), 'code_refused'],
    ['with an error that nobody knows', callback => callback.searchParams.set('error', '<script>'), 'provider_refused'],
    ['with an error that objects inherit', callback => callback.searchParams.set('error', 'constructor'), 'provider_refused'],
    ['with the provider\'s own failure', callback => callback.searchParams.set('error', 'server_error'), 'provider_unavailable'],
    ['with our application refused', callback => callback.searchParams.set('error', 'unauthorized_client'), 'application_refused'],
  ])('%s', async (_what, change, code) => {
    const callback = new URL(await (await startFlow(client)).answer('approve'), stack.app.url)
    change(callback)
    await expectRefused(client, callback.pathname + callback.search, code)
    await expectNothingStored(client)
  })

  it.each([
    ['after ten minutes', { createdAt: Date.now() - 601_000 }, 'flow_expired'],
    ['of the future', { createdAt: Date.now() + 3600_000 }, 'state_mismatch'],
    ['of another provider', { provider: 'slack' }, 'state_mismatch'],
    ['of another person', { userId: '3f6e4b1c-0000-4000-8000-000000000000' }, 'state_mismatch'],
    ['of another organization', { organizationId: '3f6e4b1c-0000-4000-8000-000000000000' }, 'state_mismatch'],
  ] as const)('for a flow %s', async (what, changes, code) => {
    const state = `planted-${what.replaceAll(' ', '-')}`
    await plantFlow(client, encryptionKey, { state, ...changes })
    await expectRefused(client, `/api/auth/supabase/callback?code=code_x&state=${state}`, code)
    expect(tokenCalls()).toEqual([])
    await expectNothingStored(client)
  })

  it('when the cookie was altered, or sealed with another key', async () => {
    for (const key of [newEncryptionKey(), null]) {
      await plantFlow(client, key ?? encryptionKey, { state: 'altered' })
      const [cookie] = flowCookies(client)
      if (!key && cookie) client.jar.store(new Headers({ 'set-cookie': `${cookie.name}=${cookie.value.startsWith('A') ? 'B' : 'A'}${cookie.value.slice(1)}; Path=/api/auth` }))
      await expectRefused(client, '/api/auth/supabase/callback?code=code_x&state=altered', 'state_mismatch')
    }
    await expectNothingStored(client)
  })

  it('at another provider\'s address', async () => {
    const client = await stack.person()
    const callback = await (await startFlow(client)).answer('approve')
    const answer = await client.get(callback.replace('/supabase/', '/nobody/'))
    expect([answer.status, answer.body]).toMatchObject([404, { code: 'not_found' }])
    await expectRefused(client, callback.replace('/supabase/', '/slack/'), 'state_mismatch')
    await expectNothingStored(client)
  })

  it('when the session is gone', async () => {
    const client = await stack.person()
    const callback = await (await startFlow(client)).answer('approve')
    expectStatus(await client.delete('/api/session'), 204)
    await expectRefused(client, callback, 'session_required')
    expect(tokenCalls()).toEqual([])
  })

  it('when the person has lost the role that it takes', async () => {
    const owner = await stack.person()
    const { client, id: userId } = await newColleague(stack, owner, 'admin')
    const callback = await (await startFlow(client)).answer('approve')
    expectStatus(await owner.patch(`/api/members/${userId}`, { role: 'member' }), 200)
    await expectRefused(client, callback, 'forbidden')
    expect(tokenCalls()).toEqual([])
    await expectNothingStored(owner)
    expect((await client.get('/api/auth/supabase/login')).body).toMatchObject({ code: 'forbidden' })
  })

  it('when the person was put out of the organization', async () => {
    const owner = await stack.person()
    const { client, id: userId } = await newColleague(stack, owner, 'admin')
    const callback = await (await startFlow(client)).answer('approve')
    expectStatus(await owner.delete(`/api/members/${userId}`), 204)
    await expectRefused(client, callback, 'forbidden')
    await expectNothingStored(owner)
  })

  it.each<[string, Omit<Fault, 'path'>, CallbackErrorCode]>([
    ['is down', { kind: 'reset' }, 'provider_unavailable'],
    ['answers 500', { kind: 'server_error' }, 'provider_unavailable'],
    ['answers 429', { kind: 'rate_limited' }, 'provider_unavailable'],
    ['answers with a page', { kind: 'html' }, 'provider_unavailable'],
    ['answers with half a JSON text', { kind: 'not_json' }, 'provider_unavailable'],
    ['answers with another shape', { kind: 'wrong_shape' }, 'provider_unavailable'],
    ['answers hugely', { kind: 'huge' }, 'provider_unavailable'],
    ['redirects', { kind: 'redirect' }, 'provider_unavailable'],
    ['answers 400', { kind: () => Response.json({ message: 'The authorization code has expired' }, { status: 400 }) }, 'code_refused'],
    ['answers 401', { kind: 'unauthorized' }, 'application_refused'],
    ['answers 200 with a refused code', { kind: () => Response.json({ error: 'invalid_grant' }) }, 'code_refused'],
    ['answers 200 with a refused client', { kind: () => Response.json({ error: 'invalid_client' }) }, 'application_refused'],
    ['answers with a token that no header can carry', { kind: () => Response.json({ access_token: 'a\r\nb: c', token_type: 'Bearer' }) }, 'provider_unavailable'],
    ['answers with another type of token', { kind: () => Response.json({ access_token: 'abc', token_type: 'mac' }) }, 'provider_unavailable'],
  ])('when the token endpoint %s', async (_what, fault, code) => {
    const callback = await (await startFlow(client)).answer('approve')
    stack.provider.fail({ ...fault, path: '/v1/oauth/token' })
    await expectRefused(client, callback, code)
    await expectNothingStored(client)
    expect(tokenCalls()).toHaveLength(1)
  })

  it('when the token endpoint never answers', { timeout: 40_000 }, async () => {
    const callback = await (await startFlow(client)).answer('approve')
    stack.provider.fail({ kind: 'slow', path: '/v1/oauth/token' })
    await expectRefused(client, callback, 'provider_unavailable')
    await expectNothingStored(client)
  })
})

describe('a connection', () => {
  it('says to the provider what it has to, and nothing else', async () => {
    const client = await stack.person()
    const flow = await startFlow(client)
    const { searchParams } = flow.authorize
    const redirectUri = `${stack.app.url}/api/auth/supabase/callback`
    expect(flow.authorize.origin + flow.authorize.pathname).toBe(`${stack.provider.url}/v1/oauth/authorize`)
    expect(Object.fromEntries(searchParams)).toEqual({
      client_id: stack.provider.clientId, response_type: 'code', redirect_uri: redirectUri, state: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256',
    })
    const [cookie] = flowCookies(client)
    expect(cookie).toMatchObject({ path: '/api/auth', attributes: expect.stringMatching(/HttpOnly; SameSite=Lax/) })
    expect(cookie?.attributes).toMatch(/Max-Age=600/)

    expect(await land(client, await flow.answer('approve'))).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
    const [exchange, ...others] = tokenCalls()
    expect(others).toEqual([])
    const { clientId, clientSecret } = stack.provider
    expect(exchange?.headers.get('authorization')).toBe(`Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`)
    const form = new URLSearchParams(exchange?.body)
    expect([...form.keys()].sort()).toEqual(['code', 'code_verifier', 'grant_type', 'redirect_uri'])
    expect(form.get('redirect_uri')).toBe(redirectUri)
    expect(createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')).toBe(searchParams.get('code_challenge'))
    expect(stack.app.output()).not.toContain('outgoing connection')
  })

  it('works by the short addresses as well', async () => {
    const client = await stack.person()
    const flow = await startFlow(client, '', '/api/auth/login')
    const callback = await flow.answer('approve')
    expect(await land(client, callback.replace('/supabase/', '/'))).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
  })

  it('takes a token answer with 201, without a refresh token and without a lifetime', async () => {
    const client = await stack.person()
    stack.provider.fail({ kind: async (_request, pass) => {
      const { access_token } = await (await pass()).json()
      return Response.json({ access_token }, { status: 201 })
    }, path: '/v1/oauth/token' })
    const location = await client.connect()
    const { config, status } = expectStatus(await client.get<{ config: { expires_at: null }, status: string }>(`/api${location}`), 200)
    expect([status, config.expires_at]).toEqual(['active', null])
  })

  it('succeeds in two tabs at once, whichever comes back first', async () => {
    const client = await stack.person()
    const flows = [await startFlow(client), await startFlow(client.tab())]
    expect(flowCookies(client)).toHaveLength(2)
    const callbacks = await Promise.all(flows.map(flow => flow.answer('approve')))
    const landed = await Promise.all(callbacks.reverse().map(callback => land(client, callback)))
    expect(landed[0]).toMatch(/^\/integrations\/[0-9a-f-]{36}$/)
    expect(landed[1]).toBe(landed[0])
    expect(expectStatus(await client.get<{ data: unknown[] }>('/api/integrations'), 200).data).toHaveLength(1)
    expect(flowCookies(client)).toEqual([])
  })
})

describe('a reconnect', () => {
  it('of the same account keeps the row, its name and its checks, and leaves one credential', async () => {
    const client = await stack.person()
    const location = await client.connect()
    const changed = expectStatus(await client.patch(`/api${location}`, { name: 'Ours', enabled_checks: ['rls'], scan_schedule: '5 4 * * *' }), 200)
    expect(await client.connect()).toBe(location)
    const after = expectStatus(await client.get<Record<string, unknown>>(`/api${location}`), 200)
    expect(after).toMatchObject({ name: 'Ours', scan_schedule: '5 4 * * *', config: { enabled_checks: ['rls'] }, status: 'active' })
    expect(after).toMatchObject({ id: (changed as { id: string }).id, created_at: (changed as { created_at: string }).created_at })
    expect(expectStatus(await client.get<{ data: unknown[] }>('/api/integrations'), 200).data).toHaveLength(1)
  })

  it('with another account changes nothing and asks; without naming the row it is a second one', async () => {
    const client = await stack.person()
    const location = await client.connect()
    const before = expectStatus(await client.get<{ id: string }>(`/api${location}`), 200)
    const other = [{ id: 'otherorganizationslug', slug: 'otherorganizationslug', name: 'Elsewhere Ltd' }]
    stack.provider.fail({ kind: () => Response.json(other), path: /^\/v1\/organizations$/ })

    const flow = await startFlow(client, `?integration_id=${before.id}`)
    expect(flow.authorize.searchParams.get('organization_slug')).toBe('kvtrzmwqyhxbncdlfgps')
    const asked = await land(client, await flow.answer('approve'))
    const id = /^\/integrations\/confirm\/([0-9a-f-]{36})$/.exec(asked)?.[1]
    expect([id, flowCookies(client)]).toEqual([expect.any(String), []])
    expect(await stable(client, location)).toEqual(await stableOf(before))
    expect(expectStatus(await client.get(`/api/connections/${id}`), 200)).toMatchObject({ wanted: { id: before.id }, found: { external_account_id: 'otherorganizationslug' }, existing: null })
    expectStatus(await client.delete(`/api/connections/${id}`), 204)
    expect(revocations()).toBe(1)
    expect((await client.post(`/api/connections/${id}/confirm`)).body).toMatchObject({ status: 404, code: 'not_found' })

    const second = await client.connect()
    expect(second).not.toBe(location)
    expect(expectStatus(await client.get(`/api${second}`), 200)).toMatchObject({ external_account_id: 'otherorganizationslug', name: 'Elsewhere Ltd' })

    // Now that it is connected, it is named, and confirming is reconnecting it.
    const again = await land(client, await (await startFlow(client, `?integration_id=${before.id}`)).answer('approve'))
    const pending = again.split('/').at(-1)
    expect(expectStatus(await client.get(`/api/connections/${pending}`), 200)).toMatchObject({ existing: { id: second.split('/').at(-1) } })
    expect(expectStatus(await client.post(`/api/connections/${pending}/confirm`), 200)).toEqual({ integration_id: second.split('/').at(-1) })
    expect(await stable(client, location)).toEqual(await stableOf(before))
  })

  it('of an integration that is another organization\'s does not start, as that of an unknown one', async () => {
    const [mine, theirs] = [await stack.person(), await stack.person()]
    const id = (await theirs.connect()).split('/').at(-1)
    for (const named of [id, '3f6e4b1c-0000-4000-8000-000000000000']) {
      const path = `/api/auth/supabase/login?integration_id=${named}`
      expect((await mine.get(path)).body).toMatchObject({ status: 404, code: 'not_found' })
      expect((await mine.get(path, { headers: { accept: 'text/html' } })).location).toBe('/integrations?error=account_mismatch')
    }
    expect(flowCookies(mine)).toEqual([])
    await expectNothingStored(mine)
  })
})

/** Without what a scan in the background touches. */
const volatile = ['last_checked_at', 'last_success_at', 'updated_at', 'health']
function stableOf(body: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !volatile.includes(key)))
}
async function stable(client: ApiClient, location: string): Promise<Record<string, unknown>> {
  return stableOf(expectStatus(await client.get<object>(`/api${location}`), 200))
}
