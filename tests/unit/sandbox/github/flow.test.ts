/** The product's own verbs against the stand-in, from the click to the end of the grant. */
import { describe, expect, it } from 'vitest'
import type { GrantFacts, Settings } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { authorizeUrl, installUrl } from '#server/oauth/authorize-url'
import { readCallback } from '#server/oauth/callback'
import type { OAuthClient } from '#server/oauth/client'
import { exchangeCode } from '#server/oauth/exchange'
import { createApiReader } from '#server/oauth/http'
import { refreshGrant } from '#server/oauth/refresh'
import { revokeGrant } from '#server/oauth/revoke'
import { newState, newVerifier } from '#server/oauth/state'
import type { GithubSandboxOptions } from '#server/sandbox/github'
import { baseUrl, clientId, clientSecret, installed, openSandbox, redirectUri } from './browser'

function open(settings: Settings, options: Partial<GithubSandboxOptions> = {}) {
  const browser = openSandbox(options)
  const client: OAuthClient = {
    connector: github, clientId, clientSecret, apiBase: baseUrl, authBase: baseUrl, redirectUri, settings,
    fetch: async (input, init) => browser.sandbox.fetch(new Request(input, init)),
  }
  const reader = (accessToken: string, facts: GrantFacts = {}) => createApiReader({
    base: baseUrl, accessToken, facts, fetch: client.fetch, retryAfter: github.retryAfter, refusal: github.refusal, everyCall: github.everyCall, policy: { attempts: 1 },
  })

  /** Goes where the product sends the browser, approves, and comes back. */
  async function answered(url: URL, installation: string) {
    const back = await browser.decide(Object.fromEntries(url.searchParams), { decision: 'approve', installation }, url.pathname.slice(new URL(baseUrl).pathname.length))
    const read = readCallback(github, back.searchParams)
    if (read.outcome !== 'code') throw new Error(`No code: ${JSON.stringify(read)}`)
    return read
  }

  /** Past the installation, where there is one. */
  async function consent(installation: string) {
    const install = installUrl(client, newState())
    const facts = install ? (await answered(install, installation)).facts : {}
    const codeVerifier = newVerifier()
    const { code } = await answered(await authorizeUrl(client, { state: newState(), codeVerifier }), install ? 'all' : installation)
    return { tokens: await exchangeCode(client, { code, codeVerifier }), facts }
  }
  return { client, reader, consent }
}

describe('a GitHub App', () => {
  it('is installed, authorized, read, renewed and let go', async () => {
    const { client, reader, consent } = open({ APP_SLUG: 'allyship-sandbox' })
    const { tokens, facts } = await consent(installed.person)
    const account = await github.account(reader(tokens.accessToken, facts))
    expect(account).toMatchObject({ name: 'mei-tanaka', facts: { installation_id: installed.person } })
    // The token sees both accounts; what is listed is the one that was chosen.
    const listed = await Array.fromAsync(github.resources(reader(tokens.accessToken, { ...facts, ...account.facts })))
    expect(listed.map(resource => resource.name)).toEqual(['mei-tanaka/dotfiles', 'mei-tanaka/notes'])

    const renewed = await refreshGrant(client, tokens.refreshToken ?? '')
    expect(renewed).toMatchObject({ expiresIn: 28_800, refreshExpiresIn: 15_897_600 })
    await expect(github.account(reader(tokens.accessToken, facts))).rejects.toMatchObject({ kind: 'unauthorized' })
    expect(await github.account(reader(renewed.accessToken, facts))).toEqual(account)
    await expect(refreshGrant(client, tokens.refreshToken ?? '')).rejects.toMatchObject({ failure: 'dead_grant' })
  })

  it('is let go once, and is gone then', async () => {
    const { client, reader, consent } = open({})
    const { tokens } = await consent(installed.organization)
    expect(await revokeGrant(client, tokens)).toBe('revoked')
    expect(await revokeGrant(client, tokens)).toBe('already_gone')
    await expect(github.account(reader(tokens.accessToken))).rejects.toMatchObject({ kind: 'unauthorized' })
  })

  it('takes no installation that the callback was made to name', async () => {
    const { reader, consent } = open({})
    const { tokens } = await consent(installed.organization)
    for (const installation_id of [installed.person, '1', '', '../user']) {
      await expect(github.account(reader(tokens.accessToken, { installation_id }))).rejects.toMatchObject({ kind: 'not_found' })
    }
  })

  it('with a wrong secret is the operator\'s matter', async () => {
    const { client, consent } = open({})
    const { tokens } = await consent(installed.organization)
    await expect(refreshGrant({ ...client, clientSecret: 'wrong' }, tokens.refreshToken ?? '')).rejects.toMatchObject({ failure: 'our_application' })
    await expect(revokeGrant({ ...client, clientSecret: 'wrong' }, tokens)).rejects.toMatchObject({ kind: 'unauthorized' })
  })
})

describe('an OAuth App', () => {
  it('asks for scopes, gets them, and sees what the person sees', async () => {
    const { client, reader, consent } = open({}, { application: 'oauth_app' })
    const { tokens } = await consent(installed.organization)
    expect(tokens).toMatchObject({ refreshToken: undefined, expiresIn: undefined, scopes: ['admin:org', 'repo'] })
    expect(await github.account(reader(tokens.accessToken))).toEqual({ id: '90210002', name: 'mei-tanaka', facts: { user_id: '90210002' } })
    const kinds = (await Array.fromAsync(github.resources(reader(tokens.accessToken)))).map(resource => resource.kind)
    expect([kinds.filter(kind => kind === 'organization').length, kinds.filter(kind => kind === 'repository').length]).toEqual([1, 8])
    expect(await revokeGrant(client, tokens)).toBe('revoked')
  })
})
