/** GitHub by emulate: an OAuth App's way in, what it reads, and a GitHub App's deliveries. */
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Emulator } from 'emulate'
import { github } from '#server/connectors/github'
import * as exported from '#server/connectors/github/endpoints'
import type { Delivery, ResourceDescription, TokenSet } from '#server/connectors/contract'
import type { OAuthClient } from '#server/oauth/client'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { exchangeCode } from '#server/oauth/exchange'
import { openApi } from '#server/oauth/open-api'
import { newState, newVerifier } from '#server/oauth/state'
import { serveHttp, type HttpServer } from '../../support/http-server.ts'
import { until } from '../../support/until.ts'
import { absent, ask, chooseAt, clientAt, endpointsIn, expected, openEmulator, passesInTheDark, redirectUri, type Opinions } from './second-opinion.ts'

const opinions: Opinions = {
  user: 'understood',
  installations: { because: 'there is no /user/installations: 404, which is what an OAuth App\'s token gets there', outcome: null },
  membership: { because: 'there is no /user/memberships: 404, which is what GitHub says to who is no member', outcome: null },
  installation_repositories: absent,
  user_organizations: 'understood',
  user_repositories: 'understood',
  organization: 'understood',
  owners: 'understood',
  actions_permissions: absent,
  actions_workflow: absent,
  organization_hooks: 'understood',
  repository: 'understood',
  branch_protection: 'understood',
  branch_rules: absent,
  deploy_keys: absent,
  secret_alerts: absent,
  dependabot_alerts: absent,
  code_alerts: absent,
}

const organization: ResourceDescription = { kind: 'organization', externalId: 'organization:1', name: 'brightwater', metadata: { login: 'brightwater' } }
const repository: ResourceDescription = { kind: 'repository', externalId: '1', name: 'app', metadata: { owner: 'brightwater', repository: 'app', default_branch: 'main', login: 'brightwater' } }
const registered = { clientId: `Iv1.${randomBytes(8).toString('hex')}`, clientSecret: randomBytes(20).toString('hex') }
const webhookSecret = randomUUID()

let emulator: Emulator
let receiver: HttpServer
let client: OAuthClient
let tokens: TokenSet
const deliveries: Delivery[] = []
const api = () => openApi(client, { accessToken: tokens.accessToken })
const endpoints = endpointsIn(exported)
const verifier = newVerifier()

beforeAll(async () => {
  receiver = await serveHttp(async (request) => {
    deliveries.push({ headers: request.headers, body: new Uint8Array(await request.arrayBuffer()) })
    return new Response(null, { status: 204 })
  })
  emulator = await openEmulator('github', { github: {
    users: [{ login: 'ines', name: 'Ines' }],
    orgs: [{ login: 'brightwater', name: 'Brightwater', members: [{ login: 'ines', role: 'admin' }] }],
    repos: [{ owner: 'brightwater', name: 'app', auto_init: true }, { owner: 'ines', name: 'notes', auto_init: true }],
    oauth_apps: [{ client_id: registered.clientId, client_secret: registered.clientSecret, name: 'AllyShip', redirect_uris: [redirectUri] }],
    apps: [{ app_id: 7, slug: 'allyship', name: 'AllyShip', permissions: { administration: 'read' }, events: ['branch_protection_rule'], webhook_url: receiver.url, webhook_secret: webhookSecret, installations: [{ installation_id: 100, account: 'brightwater' }] }],
  } })
  client = clientAt(emulator.url, github, registered)
  const back = await chooseAt(client, verifier, 'ines')
  tokens = await exchangeCode(client, { code: back.searchParams.get('code') ?? '', codeVerifier: verifier })
})
afterAll(async () => {
  await emulator?.close()
  await receiver?.close()
})

it('takes our authorization and our exchange, and we its answer', () => {
  expect(tokens).toMatchObject({ accessToken: expect.stringMatching(/^gho_/), scopes: ['repo', 'read:org', 'admin:org'] })
  // No PKCE, refresh or expiry there, and no "no": our own stand-in is the strict one.
  expect([tokens.refreshToken, tokens.expiresIn]).toEqual([undefined, undefined])
})

it('refuses another redirect address, a code that has served and a wrong secret, in words that we understand', async () => {
  const elsewhere = await authorizeUrl({ ...client, redirectUri: 'https://elsewhere.example/callback' }, { state: newState(), codeVerifier: verifier })
  expect((await fetch(elsewhere)).status).toBe(400)
  const code = (await chooseAt(client, verifier, 'ines')).searchParams.get('code') ?? ''
  await exchangeCode(client, { code, codeVerifier: verifier })
  await expect(exchangeCode(client, { code, codeVerifier: verifier })).rejects.toMatchObject({ failure: 'dead_grant' })
  await expect(exchangeCode({ ...client, clientSecret: 'wrong' }, { code, codeVerifier: verifier })).rejects.toMatchObject({ failure: 'our_application' })
})

describe('reading', () => {
  beforeAll(async () => {
    const protection = { required_status_checks: { strict: true, contexts: ['test'] }, enforce_admins: true, required_pull_request_reviews: { required_approving_review_count: 2, dismiss_stale_reviews: true }, restrictions: null }
    const put = await fetch(`${emulator.url}/repos/brightwater/app/branches/main/protection`, { method: 'PUT', body: JSON.stringify(protection), headers: { 'authorization': `Bearer ${tokens.accessToken}`, 'content-type': 'application/json' } })
    expect(put.status).toBe(200)
  })

  it('has an opinion about every endpoint, and it is this one', async () => {
    expect(Object.keys(opinions).sort()).toEqual(endpoints.map(endpoint => endpoint.id).sort())
    expect(await ask(api(), endpoints, () => repository)).toEqual(expected(opinions))
  })

  it('finds the account, its organizations and repositories', async () => {
    expect(await github.account(api())).toMatchObject({ name: 'ines' })
    const found = await Array.fromAsync(github.resources(api()))
    expect(found.map(resource => `${resource.kind} ${resource.name}`)).toEqual(expect.arrayContaining(['organization brightwater', 'repository ines/notes']))
    expect(found.filter(resource => resource.kind === 'repository').map(resource => resource.metadata.default_branch)).not.toContain(null)
  })

  it('reads a branch\'s protection as it was set', async () => {
    expect(await api().get(exported.branchProtection, repository)).toMatchObject({
      required_pull_request_reviews: { required_approving_review_count: 2, dismiss_stale_reviews: true }, required_status_checks: { contexts: ['test'] }, enforce_admins: { enabled: true },
    })
  })

  it('passes no check whose answers emulate does not have', async () => {
    for (const resource of [organization, repository]) expect(await passesInTheDark(github, api(), resource, opinions)).toEqual([])
  })

  it('is told "Not Found" for a branch without protection, where GitHub says what is missing: not taken for an answer', async () => {
    const notes = { ...repository, metadata: { ...repository.metadata, owner: 'ines', repository: 'notes' } }
    await expect(api().get(exported.branchProtection, notes)).rejects.toMatchObject({ kind: 'not_found' })
  })

  it('takes an unknown token for somebody: 401 is our own stand-in\'s to show', async () => {
    await expect(github.account(openApi(client, { accessToken: 'unknown' }))).resolves.toBeDefined()
  })
})

it('signs the App\'s deliveries as we check them, and they say what we read', async () => {
  const delivery = await until(() => deliveries.find(({ headers }) => headers.get('x-github-event') === 'branch_protection_rule'), { what: 'the delivery' })
  expect(github.webhooks.verify(delivery, webhookSecret)).toBe(true)
  expect(github.webhooks.verify(delivery, 'another')).toBe(false)
  expect(github.webhooks.parse(delivery)).toMatchObject({ events: [{ what: 'changed', facts: { installation_id: '100' } }] })
})
