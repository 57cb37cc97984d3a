/** For whom an installation's token is made, with what, and with which key. */
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ApiReader, GrantFacts } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { privateKeyFault } from '#server/connectors/github/installation-token'
import { ProviderError } from '#server/errors'
import { readEnv } from '#server/utils/env'
import { readerOf } from '../reader'

const { minting } = github.authorization
const acme = { id: 7, login: 'acme', type: 'Organization' }
const mei = { id: 9, login: 'mei', type: 'User' }
const granted = { metadata: 'read', members: 'read', administration: 'write', contents: 'write', vulnerability_alerts: 'read' }
const installed = (account: object, more: object = {}) => ({ installations: [{ id: 70, account, permissions: granted, suspended_at: null, ...more }] })

interface Told { account?: object, membership?: unknown, user?: unknown, installations?: unknown, facts?: GrantFacts }
function reader({ account = acme, membership = { role: 'admin', state: 'active' }, user = { id: 9, login: 'mei' }, installations = installed(account), facts = { installation_id: '70' } }: Told): ApiReader {
  const bodies: Record<string, unknown> = { installations, membership, user }
  const api = readerOf(endpoint => bodies[endpoint.id] instanceof Error ? Promise.reject(bodies[endpoint.id]) : bodies[endpoint.id], facts)
  return { ...api, get: (endpoint, resource) => bodies[endpoint.id] === null ? Promise.resolve(null) : api.get(endpoint, resource) }
}

describe('a token of the installation is made', () => {
  it('for an owner of the organization, with what is asked for and granted, as read-only', async () => {
    expect(await minting.order(reader({}))).toEqual({
      path: '/app/installations/70/access_tokens',
      body: { permissions: { metadata: 'read', members: 'read', administration: 'read', vulnerability_alerts: 'read' } },
      detail: { minted_for: 'installation 70', permissions: ['metadata:read', 'members:read', 'administration:read', 'vulnerability_alerts:read'] },
    })
  })

  it('for the person whose own account it is', async () => {
    expect(await minting.order(reader({ account: mei }))).toMatchObject({ path: '/app/installations/70/access_tokens' })
  })

  it('for the installation that there is after a reinstall', async () => {
    expect(await minting.order(reader({ facts: { installation_id: '12', account_id: '7' } }))).toMatchObject({ path: '/app/installations/70/access_tokens' })
  })
})

describe('none is made', () => {
  it.each<[string, Told]>([
    ['a member', { membership: { role: 'member', state: 'active' } }],
    ['a billing manager', { membership: { role: 'billing_manager', state: 'active' } }],
    ['an owner who has not accepted yet', { membership: { role: 'admin', state: 'pending' } }],
    ['who is no member', { membership: null }],
    ['a membership that says nothing', { membership: {} }],
    ['who works in another person\'s repository', { account: { ...mei, id: 10 } }],
    ['an enterprise\'s account', { account: { id: 5, slug: 'acme-holding' } }],
    ['an installation that was granted nothing', { installations: installed(acme, { permissions: {} }) }],
    ['an installation whose permissions are not said', { installations: installed(acme, { permissions: null }) }],
    ['levels that nobody knows', { installations: installed(acme, { permissions: { metadata: 'none', members: true } }) }],
    ['an OAuth App\'s token', { installations: null, facts: {} }],
  ])('for %s', async (_, told) => {
    expect(await minting.order(reader(told))).toBeNull()
  })

  it.each<[string, Told, string]>([
    ['no longer sees the installation', { installations: { installations: [] } }, 'account_missing'],
    ['sees another one only', { facts: { installation_id: '12', account_id: '13' } }, 'not_found'],
    ['sees it suspended', { installations: installed(acme, { suspended_at: '2026-01-01T00:00:00Z' }) }, 'account_missing'],
    ['may not be told about the membership', { membership: new ProviderError('forbidden', 'GET /user/memberships/orgs/acme') }, 'forbidden'],
  ])('for who %s, which is an error', async (_, told, kind) => {
    await expect(minting.order(reader(told))).rejects.toMatchObject({ kind })
  })
})

describe('the private key', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const pem = rsa.export({ type: 'pkcs1', format: 'pem' }).toString()
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const locked = rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString()

  it.each([
    ['its file\'s text', pem],
    ['PKCS #8', rsa.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['one line', pem.replaceAll('\n', '\\n')],
    ['base64', Buffer.from(pem).toString('base64')],
  ])('may be %s', (_, text) => {
    expect(privateKeyFault(text)).toBeNull()
  })

  it.each([
    ['nothing of the kind', 'not a key', /^holds no private key/],
    ['a part of one', pem.slice(0, 400), /^holds no private key/],
    ['base64 that was cut', Buffer.from(pem).toString('base64').slice(0, 500), /^holds no private key/],
    ['its path', '/etc/app.private-key.pem', /^holds no private key/],
    ['a public one', generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs1', format: 'pem' } }).publicKey, /^holds no private key/],
    ['one with a passphrase', locked, /^holds no private key/],
    ['another kind', other, /another kind than RSA/],
  ])('may not be %s: the start says so, and how to mend it', (_, text, fault) => {
    expect(privateKeyFault(text)).toMatch(fault)
    const start = () => readEnv({ GITHUB_PRIVATE_KEY: text }, { providers: [github] })
    expect(start).toThrow(/GITHUB_PRIVATE_KEY (?:holds|is) .*To fix: correct or remove it \(A private key of the GitHub App: .*base64/)
    try { start() }
    catch (error) { expect(String(error)).not.toContain(text.trim()) }
  })
})
