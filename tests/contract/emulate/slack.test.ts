/** Slack by emulate: an installation with a bot's and a person's token, and the methods that it has. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Emulator } from 'emulate'
import type { Endpoint, ResourceDescription, TokenSet } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import { userScopes } from '#server/connectors/slack/authorization'
import * as exported from '#server/connectors/slack/endpoints'
import type { OAuthClient } from '#server/oauth/client'
import { exchangeCode } from '#server/oauth/exchange'
import { openApi } from '#server/oauth/open-api'
import { endGrant } from '#server/oauth/revoke'
import { absent, ask, chooseAt, clientAt, endpointsIn, expected, openEmulator, passesInTheDark, redirectUri, type Opinions } from './second-opinion.ts'

const opinions: Opinions = {
  identity: 'understood',
  workspace: 'understood',
  workspaces: absent,
  members: 'understood',
  members_as_admin: 'understood',
  preferences: absent,
  public_channels: 'understood',
  private_channels: 'understood',
}

const registered = { clientId: '111111111111.222222222222', clientSecret: randomBytes(16).toString('hex') }
const endpoints = endpointsIn(exported)
let emulator: Emulator
let client: OAuthClient
let tokens: TokenSet
let workspace: ResourceDescription

/**
 * emulate has every method as POST only. Slack takes a GET with the arguments in the address for those that read
 * (https://docs.slack.dev/apis/web-api/#basics): the same arguments are handed on as a form.
 */
const asForm: OAuthClient['fetch'] = async (input, init) => {
  const request = new Request(input, init)
  if (request.method !== 'GET') return fetch(request)
  const { origin, pathname, searchParams } = new URL(request.url)
  return fetch(origin + pathname, { method: 'POST', headers: { authorization: request.headers.get('authorization') ?? '' }, body: searchParams, redirect: 'manual', signal: request.signal })
}
const slots = (name: string | undefined) => name === 'user' ? tokens.extra?.user?.accessToken ?? null : tokens.accessToken
const api = () => openApi(client, { accessToken: { token: slots, answered: () => {}, replace: (_slot, _token, cause) => Promise.reject(cause) } })

beforeAll(async () => {
  emulator = await openEmulator('slack', { slack: {
    team: { name: 'Brightwater', domain: 'brightwater' },
    users: [{ name: 'ines', real_name: 'Ines', email: 'ines@example.com' }],
    channels: [{ name: 'general', topic: 'Everybody' }, { name: 'board', is_private: true }],
    oauth_apps: [{ client_id: registered.clientId, client_secret: registered.clientSecret, name: 'AllyShip', redirect_uris: [redirectUri], scopes: slack.authorization.scopes.map(scope => scope.name), user_scopes: [...userScopes] }],
    strict_scopes: true,
  } })
  client = clientAt(emulator.url, slack, registered, asForm)
  const back = await chooseAt(client, null, 'ines@example.com')
  tokens = await exchangeCode(client, { code: back.searchParams.get('code') ?? '', codeVerifier: null })
  workspace = { kind: 'workspace', externalId: tokens.facts?.team_id ?? '', name: '', metadata: {} }
})
afterAll(() => emulator?.close())

it('takes our authorization and our exchange by Basic, and we its answer with both tokens', () => {
  expect(tokens).toMatchObject({ accessToken: expect.stringMatching(/^xoxb-/), scopes: slack.authorization.scopes.map(scope => scope.name), extra: { user: { accessToken: expect.stringMatching(/^xoxp-/), scopes: [...userScopes] } } })
  // No rotation there: our own stand-in has it.
  expect([tokens.refreshToken, tokens.extra?.user?.refreshToken]).toEqual([undefined, undefined])
})

it('refuses a code that has served and a wrong secret, in words that we understand', async () => {
  const code = (await chooseAt(client, null, 'ines@example.com')).searchParams.get('code') ?? ''
  await exchangeCode(client, { code, codeVerifier: null })
  await expect(exchangeCode(client, { code, codeVerifier: null })).rejects.toMatchObject({ failure: 'dead_grant' })
  // It says invalid_client_id, where Slack says bad_client_secret: both are the operator's.
  await expect(exchangeCode({ ...client, clientSecret: 'wrong' }, { code, codeVerifier: null })).rejects.toMatchObject({ failure: 'our_application' })
})

it('has an opinion about every endpoint, and it is this one', async () => {
  expect(Object.keys(opinions).sort()).toEqual(endpoints.map(endpoint => endpoint.id).sort())
  expect(await ask(api(), endpoints, () => workspace)).toEqual(expected(opinions))
})

it('finds the workspace, its members and channels', async () => {
  expect(await slack.account(api())).toEqual({ id: workspace.externalId, name: 'Brightwater' })
  expect(await Array.fromAsync(slack.resources(api()))).toMatchObject([{ kind: 'workspace', externalId: workspace.externalId, name: 'Brightwater', metadata: { domain: 'brightwater', install: 'workspace' } }])
  expect((await api().get(exported.members, workspace))?.members.length).toBeGreaterThan(0)
})

it('passes no check whose answers emulate does not have', async () => {
  expect(await passesInTheDark(slack, api(), workspace, opinions)).toEqual([])
})

it('names the permission that a token lacks, as we read it', async () => {
  const { scopes, ...authorization } = slack.authorization
  const less = { ...client, connector: { ...slack, authorization: { ...authorization, scopes: scopes.filter(scope => scope.name !== 'users:read') } } }
  const code = (await chooseAt(less, null, 'ines@example.com')).searchParams.get('code') ?? ''
  const { accessToken } = await exchangeCode(less, { code, codeVerifier: null })
  const members: Endpoint = { ...exported.members, slot: undefined }
  await expect(openApi(client, { accessToken }).get(members, workspace)).rejects.toMatchObject({ kind: 'forbidden', options: { missing: 'users:read' } })
})

it('has no auth.revoke: what we send comes back as not done, and is not taken for done', async () => {
  expect(await endGrant(client, { accessToken: tokens.accessToken, facts: {} }, { sleep: async () => {} })).toMatchObject({ outcome: 'failed' })
})
