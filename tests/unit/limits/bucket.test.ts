/** Which calls each provider counts together. */
import { describe, expect, it } from 'vitest'
import type { Connector, GrantFacts } from '#server/connectors/contract'
import { findConnector } from '#server/connectors/registry'
import { bucketOf } from '#server/limits/bucket'

function connector(id: string): Connector {
  const found = findConnector(id)
  if (!found) throw new Error(`There is no connector ${id}`)
  return found
}
interface Made { path?: string, endpoint?: string, accountId?: string | null, facts?: GrantFacts, clientId?: string, apiBase?: string, minted?: boolean }
const bucket = (id: string, { path = '/x', endpoint = 'x', accountId = 'a', facts = { user_id: '7' }, clientId = 'c', apiBase = connector(id).hosts.api, minted }: Made = {}) =>
  bucketOf({ connector: connector(id), clientId, apiBase }, { accountId, facts }, { endpoint: { id: endpoint }, path, minted })
const key = (id: string, made: Made = {}) => bucket(id, made)?.key

/** What makes another bucket, and what does not. */
const apart: readonly [provider: string, what: string, made: Made, another: boolean][] = [
  ['supabase', 'another customer', { accountId: 'b' }, false],
  ['supabase', 'another query', { path: '/x?page=2' }, false],
  ['supabase', 'another project or endpoint', { path: '/y' }, true],
  ['supabase', 'another application', { clientId: 'd' }, true],
  ['github', 'another organization of the same person', { accountId: 'b' }, false],
  ['github', 'another endpoint', { path: '/y', endpoint: 'y' }, false],
  ['github', 'another person', { facts: { user_id: '8' } }, true],
  ['github', 'the installation itself', { minted: true, facts: { user_id: '7', installation_id: '7' } }, true],
  ['slack', 'another token for the same method', { endpoint: 'y' }, false],
  ['slack', 'another method', { path: '/y' }, true],
  ['slack', 'another workspace', { accountId: 'b' }, true],
  ['vercel', 'another project of the same endpoint', { path: '/y' }, false],
  ['vercel', 'another endpoint', { endpoint: 'y' }, true],
  ['vercel', 'another team', { accountId: 'b' }, true],
  ['netlify', 'another endpoint', { path: '/y', endpoint: 'y' }, false],
  ['netlify', 'another person', { accountId: 'b' }, true],
]

describe('a bucket', () => {
  it.each(apart)('of %s: %s', (provider, _, made, another) => {
    expect(key(provider, made) !== key(provider)).toBe(another)
  })

  it('has a key that names nobody', () => {
    const made = { path: '/v1/projects/acmeprojectref', accountId: 'acme', clientId: 'acme-client' }
    expect(key('supabase', made)).toMatch(/^supabase:[0-9a-f]{32}$/)
  })

  it.each([['github', { facts: {} }], ['slack', { accountId: null }], ['vercel', { accountId: null }], ['netlify', { accountId: null }], ['aws', {}]] as const)(
    'is none of %s while nobody knows whose calls these are, or nobody counts them', (provider, made) => expect(bucket(provider, made)).toBeNull())

  it('is none of a stand-in, where a limit is over when the rehearsal is', () => {
    const supabase = connector('supabase')
    expect(bucketOf({ connector: supabase, clientId: 'c', apiBase: 'http://localhost:3000/sandbox/supabase', inSandbox: true }, { accountId: 'a', facts: {} }, { endpoint: { id: 'x' }, path: '/x' })).toBeNull()
  })

  it('of one application is known before the account is', () => expect(bucket('supabase', { accountId: null })).not.toBeNull())

  it.each([
    ['supabase', '/v1/projects', 120, 60], ['github', '/user', 5000, 3600], ['netlify', '/api/v1/user', 500, 60], ['vercel', '/v2/user', null, 60],
    ['slack', '/api/users.list?limit=200', 20, 60], ['slack', '/api/conversations.list?types=x', 20, 60], ['slack', '/api/auth.teams.list', 20, 60],
    ['slack', '/api/team.info?team=T1', 50, 60], ['slack', '/api/team.preferences.list', 50, 60], ['slack', '/api/auth.test', null, 60],
  ])('of %s for %s allows %s calls in %s seconds', (provider, path, calls, seconds) => {
    expect(bucket(provider, { path })?.window).toEqual({ calls, seconds })
  })

  it('of another host than the provider\'s own is not believed to have the documented limit', () => {
    expect(bucket('github', { apiBase: 'https://ghe.example/api/v3' })?.window).toEqual({ calls: null, seconds: 3600 })
  })
})
