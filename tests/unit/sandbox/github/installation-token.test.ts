/** Reading as the installation: the product's reader and the stand-in, with a key made here. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ApiReader, Settings } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { organization, user } from '#server/connectors/github/endpoints'
import { ProviderError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { mintedTokens } from '#server/oauth/mint'
import { openApi } from '#server/oauth/open-api'
import { newPrivateKey } from '#server/sandbox/github/installation-token'
import { baseUrl, clientId, clientSecret, installed, openSandbox, redirectUri } from './browser'

const key = newPrivateKey()
afterEach(() => void vi.useRealTimers())
const acme = { kind: 'organization', externalId: '', name: '', metadata: { login: 'brightwater-labs' } }
const facts = { installation_id: installed.organization }

async function open(settings: Settings = { PRIVATE_KEY: key }) {
  const browser = openSandbox({ settings: { PRIVATE_KEY: key } })
  const { access_token: accessToken } = await browser.connect()
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
  return { api: openApi(client, { accessToken, facts }), client, accessToken, calls, askedAs }
}
const asks = (api: ApiReader) => api.get(organization, acme)
const minting = `/app/installations/${installed.organization}/access_tokens`

describe('with the app\'s private key', () => {
  it('the organization is read as the installation, and the person as the person', async () => {
    const { api, askedAs } = await open()
    expect(await asks(api)).toMatchObject({ default_repository_permission: expect.any(String) })
    await api.get(user)
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghs_'])
    expect(askedAs('/user')).toEqual(['ghu_'])
  })

  it('calls at once share one token', async () => {
    const { api, askedAs } = await open()
    await Promise.all(Array.from({ length: 8 }, () => asks(api)))
    expect(askedAs(minting)).toHaveLength(1)
    expect(askedAs('/orgs/brightwater-labs')).toHaveLength(8)
  })

  it('a token that is about to end is made anew, before it is refused', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const { client, calls } = await open()
    const tokens = mintedTokens(client, facts)
    const first = await tokens?.token()
    vi.advanceTimersByTime(58 * 60_000)
    expect(await tokens?.token()).toBe(first)
    vi.advanceTimersByTime(61_000)
    expect(await tokens?.token()).not.toBe(first)
    expect(calls.map(call => call.path)).toEqual([minting, minting])
  })

  it('a token that is refused is made anew once; the second refusal is told', async () => {
    const { client } = await open()
    const tokens = mintedTokens(client, facts)
    const cause = new ProviderError('unauthorized', 'GET /orgs/x')
    const first = await tokens?.token() ?? ''
    tokens?.refused(first, cause)
    const second = await tokens?.token() ?? ''
    expect(second).not.toBe(first)
    // A late refusal of the first one says nothing about the second.
    tokens?.refused(first, cause)
    expect(() => tokens?.refused(second, cause)).toThrow(cause)
  })
})

describe('where no token can be made', () => {
  it.each([
    ['no key', {}, facts],
    ['no installation', { PRIVATE_KEY: key }, {}],
  ])('for %s, the person\'s serves', async (_, settings, known) => {
    const { client, accessToken, askedAs } = await open(settings)
    await asks(openApi(client, { accessToken, facts: known }))
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghu_'])
  })

  it('for an installation that is gone, as after a reinstall, the person\'s serves', async () => {
    const { client, accessToken, askedAs } = await open()
    await asks(openApi(client, { accessToken, facts: { installation_id: '666' } }))
    expect(askedAs('/orgs/brightwater-labs')).toEqual(['ghu_'])
  })

  it.each([
    ['another key', newPrivateKey()],
    ['a key that is none', 'not a key'],
  ])('%s is the operator\'s to mend, and is in no error', async (_, PRIVATE_KEY) => {
    const { api, askedAs } = await open({ PRIVATE_KEY })
    const error: unknown = await asks(api).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'application_refused' })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(PRIVATE_KEY)
    expect(askedAs('/orgs/brightwater-labs')).toEqual([])
  })
})

it.each([
  ['with line ends written out', key.replaceAll('\n', '\\n')],
  ['in base64', Buffer.from(key).toString('base64')],
])('the key may be given %s', async (_, PRIVATE_KEY) => {
  const { api, askedAs } = await open({ PRIVATE_KEY })
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
