/** Reading as the installation: the product's reader and the stand-in, with a key made here. */
import { describe, expect, it } from 'vitest'
import type { ApiReader, Settings } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { branchProtection, dependabotAlerts, deployKeys, organization, organizationHooks, secretAlerts, user } from '#server/connectors/github/endpoints'
import type { OAuthClient } from '#server/oauth/client'
import { mintingOf, proveKey } from '#server/oauth/mint'
import { mintedTokens } from '#server/oauth/minted-tokens'
import { openApi } from '#server/oauth/open-api'
import type { GithubSandboxOptions } from '#server/sandbox/github'
import { newPrivateKey } from '#server/sandbox/github/installation-token'
import { baseUrl, clientId, clientSecret, installed, openSandbox, redirectUri } from './browser'

const key = newPrivateKey()
const at = (owner: string, repository: string) => ({ kind: 'repository', externalId: '', name: '', metadata: { owner, repository, default_branch: 'main' } })
const [importer, dotfiles] = [at('brightwater-labs', 'legacy-importer'), at('mei-tanaka', 'dotfiles')]
const acme = { kind: 'organization', externalId: '', name: '', metadata: { login: 'brightwater-labs' } }

async function open(settings: Settings = { PRIVATE_KEY: key }, { installation = installed.organization, ...changes }: Partial<GithubSandboxOptions> & { installation?: string } = {}) {
  const browser = openSandbox({ settings: { PRIVATE_KEY: key }, ...changes })
  const { access_token: accessToken } = await browser.connect({ installation })
  const facts = { installation_id: installation }
  const calls: { path: string, bearer: string }[] = []
  const client: OAuthClient = {
    connector: github, clientId, clientSecret, apiBase: baseUrl, authBase: baseUrl, redirectUri, settings,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      calls.push({ path: new URL(request.url).pathname.slice('/sandbox/github'.length), bearer: request.headers.get('authorization')?.replace('Bearer ', '') ?? '' })
      return browser.sandbox.fetch(request)
    },
  }
  const askedAs = (path: string) => calls.filter(call => call.path === path).map(({ bearer }) => bearer.slice(0, 4))
  const minted = mintedTokens(client)
  const api = openApi(client, { accessToken, minted, facts })
  const begin = async () => minted?.begin(api, () => Promise.resolve())
  return { api, begin, client, accessToken, calls, askedAs }
}
async function begun(...how: Parameters<typeof open>) {
  const opened = await open(...how)
  await opened.begin()
  return opened
}
const asks = (api: ApiReader) => api.get(organization, acme)
const proves = (client: OAuthClient) => {
  const keyed = mintingOf(client)
  return keyed ? proveKey(client, keyed) : Promise.reject(new Error('There is no key'))
}
const minting = `/app/installations/${installed.organization}/access_tokens`

describe('with the app\'s private key', () => {
  it('an owner\'s organization is read as the installation, and the person as the person', async () => {
    const { api, askedAs } = await begun()
    expect(await asks(api)).toMatchObject({ default_repository_permission: expect.any(String) })
    await api.get(user)
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghs_'])
    expect(askedAs('/user')).toEqual(['ghu_'])
    expect(askedAs('/user/memberships/orgs/brightwater-labs')).toEqual(['ghu_'])
  })

  it('nothing is read as the installation before it was asked whose it is', async () => {
    const { api, askedAs } = await open()
    await asks(api)
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghu_'])
  })

  it('a person\'s own account is read as the installation', async () => {
    const { api, askedAs } = await begun(undefined, { installation: installed.person })
    await api.get(deployKeys, dotfiles)
    expect(askedAs('/repos/mei-tanaka/dotfiles/keys')).toEqual(['ghs_'])
  })

  it('a permission that the installation lacks is not asked for, and named as before', async () => {
    const { api, askedAs } = await begun(undefined, { withoutPermissions: ['organization_hooks'] })
    await expect(api.get(organizationHooks, acme)).rejects.toMatchObject({ kind: 'forbidden', options: { missing: 'organization_hooks:read' } })
    expect(askedAs('/orgs/brightwater-labs/hooks')).toEqual(['ghs_'])
    expect(await asks(api)).not.toBeNull()
  })
})

describe('the person\'s token serves, and shows no more than GitHub does', () => {
  it.each([['a member', 'member'], ['who is no member', null]] as const)('for %s', async (_, role) => {
    const { api, askedAs } = await begun(undefined, { role })
    expect(await asks(api)).toEqual({})
    await expect(api.get(organizationHooks, acme)).rejects.toMatchObject({ kind: 'not_found' })
    await expect(api.get(secretAlerts, importer)).rejects.toMatchObject({ kind: 'not_found' })
    await expect(api.get(dependabotAlerts, importer)).rejects.toMatchObject({ kind: 'forbidden' })
    await expect(api.get(branchProtection, importer)).rejects.toMatchObject({ kind: 'not_found' })
    expect(askedAs(minting)).toEqual([])
    expect(new Set(askedAs('/orgs/brightwater-labs'))).toEqual(new Set(['ghu_']))
  })

  it('where the app may not be told who owns it', async () => {
    const { api, askedAs } = await begun(undefined, { withoutPermissions: ['members'] })
    await asks(api)
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghu_'])
  })

  it('without a key', async () => {
    const { api, askedAs } = await begun({})
    await asks(api)
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghu_'])
  })
})

it.each([
  ['another key', newPrivateKey()],
  ['a key that is none', 'not a key'],
])('%s is the operator\'s to mend, and is in no error', async (_, PRIVATE_KEY) => {
  const { api, client, askedAs } = await begun({ PRIVATE_KEY })
  for (const attempt of [asks(api), proves(client)]) {
    const error: unknown = await attempt.then(() => null, (reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'application_refused' })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(PRIVATE_KEY)
  }
  expect(askedAs('/orgs/brightwater-labs')).toEqual([])
})

it('the right key is proved with one call', async () => {
  const { client, calls } = await open()
  await proves(client)
  expect(calls.map(call => call.path)).toEqual(['/app'])
})

it.each([
  ['with line ends written out', key.replaceAll('\n', '\\n')],
  ['in base64', Buffer.from(key).toString('base64')],
])('the key may be given %s', async (_, PRIVATE_KEY) => {
  const { api, askedAs } = await begun({ PRIVATE_KEY })
  await asks(api)
  expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghs_'])
})

it('the stand-in wants a token of the app, of now, for an installation that there is', async () => {
  const { client } = await open()
  const assertion = (now: Date, app = clientId) => github.authorization.minting.assertion({ clientId: app, key, now })
  const post = (jwt: string, id: string = installed.organization) => client.fetch(`${baseUrl}/app/installations/${id}/access_tokens`, { method: 'POST', headers: { authorization: `Bearer ${jwt}` } })
  const now = Date.now()
  expect((await post(assertion(new Date(now)))).status).toBe(201)
  expect((await post(assertion(new Date(now), 'Iv1.other'))).status).toBe(401)
  expect((await post(assertion(new Date(now - 20 * 60_000)))).status).toBe(401)
  expect((await post(assertion(new Date(now + 20 * 60_000)))).status).toBe(401)
  expect((await post(assertion(new Date(now)).slice(0, -8))).status).toBe(401)
  expect((await post(assertion(new Date(now)), '666')).status).toBe(404)
})

it('the stand-in makes a token with no other permissions than are granted, and it has no others than were asked for', async () => {
  const { client } = await open(undefined, { withoutPermissions: ['members'] })
  const jwt = github.authorization.minting.assertion({ clientId, key, now: new Date() })
  const make = (body: unknown) => client.fetch(`${baseUrl}${minting}`, { method: 'POST', headers: { authorization: `Bearer ${jwt}` }, body: JSON.stringify(body) })
  for (const permissions of [{ members: 'read' }, { metadata: 'write' }, { contents: 'read' }]) expect((await make({ permissions })).status).toBe(422)
  expect((await make({ permission: {} })).status).toBe(400)
  const made = await make({ permissions: { metadata: 'read' } })
  expect(made.status).toBe(201)
  const { token } = github.authorization.minting.answer.parse(await made.json())
  const get = async (path: string) => (await client.fetch(`${baseUrl}${path}`, { headers: { 'authorization': `Bearer ${token}`, 'user-agent': 'unit test' } })).status
  expect([await get('/repos/brightwater-labs/app'), await get('/repos/brightwater-labs/app/keys'), await get('/user/memberships/orgs/brightwater-labs')]).toEqual([200, 403, 403])
})
