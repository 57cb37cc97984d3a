import { describe, expect, it } from 'vitest'
import type { ApiReader } from '#server/connectors/contract'
import { supabase } from '#server/connectors/supabase'
import { ProviderError } from '#server/errors'
import { readerOf } from '../reader'
import { project } from './evaluate'

/** Answers by endpoint id, through the endpoint's own schema. */
function reader(bodies: Record<string, unknown>): ApiReader {
  return readerOf(endpoint => bodies[endpoint.id])
}

const listed = (ref: string, organization: string) => ({ ref, name: `project ${ref}`, organization_slug: organization, status: 'ACTIVE_HEALTHY', region: 'eu', created_at: '2025-01-01', database: { version: '17.6' } })

describe('account', () => {
  it('is the organization, by its slug', async () => {
    expect(await supabase.account(reader({ organizations: [{ slug: 'acme', name: 'Acme' }] }))).toEqual({ id: 'acme', name: 'Acme' })
  })

  it('is the one the projects belong to, whatever the order of the list', async () => {
    const organizations = [{ slug: 'acme', name: 'Acme' }, { slug: 'beta', name: 'Beta' }]
    for (const list of [organizations, organizations.toReversed()]) {
      expect(await supabase.account(reader({ organizations: list, projects: [listed('a', 'beta')] }))).toEqual({ id: 'beta', name: 'Beta' })
      expect(await supabase.account(reader({ organizations: list, projects: [] }))).toEqual({ id: 'acme', name: 'Acme' })
    }
  })

  it('does not exist without an organization', async () => {
    await expect(supabase.account(reader({ organizations: [] }))).rejects.toBeInstanceOf(ProviderError)
  })
})

describe('resources', () => {
  it('are the projects, with what checks and pages need', async () => {
    const found = await Array.fromAsync(supabase.resources(reader({ projects: [listed('a', 'acme'), { ref: 'b', name: 'b', organization_slug: 'acme' }] })))
    expect(found).toEqual([
      { kind: 'project', externalId: 'a', name: 'project a', metadata: { organization_slug: 'acme', region: 'eu', status: 'ACTIVE_HEALTHY', created_at: '2025-01-01', postgres_version: '17.6' } },
      { kind: 'project', externalId: 'b', name: 'b', metadata: { organization_slug: 'acme', region: null, status: null, created_at: null, postgres_version: null } },
    ])
  })

  it.each([['INACTIVE', /paused/], ['REMOVED', /removed/], ['COMING_UP', /starting/]])('in state %s cannot be asked', (status, says) => {
    expect(supabase.unavailable({ ...project, metadata: { status } })).toMatch(says)
  })

  it.each(['ACTIVE_HEALTHY', 'ACTIVE_UNHEALTHY', 'SOMETHING_NEW', 'constructor', null])('in state %s are asked', (status) => {
    expect(supabase.unavailable({ ...project, metadata: { status } })).toBeNull()
  })
})

describe('the token endpoint\'s answer', () => {
  const parse = (body: unknown) => supabase.authorization.tokenAnswer.safeParse(body)

  it('becomes a token set', () => {
    expect(parse({ access_token: 'a', refresh_token: 'r', expires_in: 3600, token_type: 'Bearer', project_refs: null, scope: 'projects:read auth:read' }).data)
      .toEqual({ accessToken: 'a', refreshToken: 'r', expiresIn: 3600, scopes: ['projects:read', 'auth:read'] })
  })

  it.each([
    ['no refresh token', { access_token: 'a', expires_in: 60, token_type: 'bearer', project_refs: ['x'] }, { accessToken: 'a', refreshToken: undefined, expiresIn: 60, scopes: undefined }],
    ['an empty refresh token', { access_token: 'a', refresh_token: '', token_type: 'Bearer' }, { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }],
    ['no permissions named', { access_token: 'a', scope: '' }, { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }],
    ['permissions in other words', { access_token: 'a', scope: 'all projects:read' }, { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }],
    ['an odd lifetime', { access_token: 'a', expires_in: 'soon' }, { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }],
    ['a lifetime of nothing', { access_token: 'a', expires_in: 0 }, { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }],
  ])('may have %s', (_name, body, expected) => {
    expect(parse(body).data).toEqual(expected)
  })

  it.each([
    ['nothing', {}], ['an error', { message: 'no' }], ['an empty token', { access_token: '' }], ['another type', { access_token: 'a', token_type: 'mac' }], ['a list', []], ['null', null],
  ])('is refused with %s', (_name, body) => {
    expect(parse(body).success).toBe(false)
  })
})

describe('discovery', () => {
  it('is said to make exactly the calls that it makes', async () => {
    const made = new Set<string>()
    const bodies: Record<string, unknown> = { organizations: [{ slug: 'acme', name: 'Acme' }, { slug: 'beta', name: 'Beta' }], projects: [listed('a', 'acme')] }
    const api = readerOf((endpoint) => {
      made.add(`${endpoint.id} ${endpoint.scope}`)
      return bodies[endpoint.id]
    })
    await supabase.account(api)
    await Array.fromAsync(supabase.resources(api))
    expect([...made].sort()).toEqual(supabase.discovery.map(({ id, scope }) => `${id} ${scope}`).sort())
  })
})

describe('permissions', () => {
  const { scopeCovers, pinAccount } = supabase.authorization
  it('to write include those to read, of the same thing and not the other way round', () => {
    expect([scopeCovers?.('database:write', 'database:read'), scopeCovers?.('auth:write', 'database:read'), scopeCovers?.('database:read', 'database:write')]).toEqual([true, false, false])
  })

  it('are asked for the organization that is to be reconnected', () => {
    expect(pinAccount?.('acme')).toEqual({ organization_slug: 'acme' })
  })
})

describe('revocation', () => {
  it('is JSON with the client\'s credentials, and names no access token', () => {
    expect(supabase.authorization.revocation?.request({ clientId: 'id', clientSecret: 'secret', accessToken: 'a', refreshToken: 'r' }))
      .toEqual({ encoding: 'json', body: { client_id: 'id', client_secret: 'secret', refresh_token: 'r' } })
  })

  it('sends no made-up refresh token', () => {
    expect(supabase.authorization.revocation?.request({ clientId: 'id', clientSecret: 'secret', accessToken: 'a' }).body)
      .toEqual({ client_id: 'id', client_secret: 'secret' })
  })
})

describe('retryAfter', () => {
  it.each([
    [{ 'x-ratelimit-reset': '42' }, 42],
    [{ 'x-ratelimit-reset': '0' }, 0],
    [{ 'retry-after': '7' }, 7],
    [{ 'x-ratelimit-reset': '3', 'retry-after': '7' }, 7],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' }, 0],
    [{ 'x-ratelimit-reset': 'soon' }, null],
    [{ 'x-ratelimit-reset': '-5' }, null],
    [{ 'x-ratelimit-reset': '1e9' }, null],
    [{}, null],
  ])('%j means %s', (headers, seconds) => {
    expect(supabase.retryAfter(new Headers(headers as Record<string, string>))).toBe(seconds)
  })
})

describe('the list of checks', () => {
  it('has unique ids in the connector\'s name, and words for people', () => {
    expect(new Set(supabase.checks.map(check => check.id)).size).toBe(supabase.checks.length)
    expect(supabase.checks.length).toBeGreaterThanOrEqual(12)
    for (const check of supabase.checks) {
      expect(check.id).toMatch(/^supabase_[a-z_]+$/)
      expect(check.rationale).toMatch(/\.$/)
      expect(check.remediation.steps.length).toBeGreaterThan(1)
      expect(check.remediation.url).toMatch(/^https:\/\/supabase\.com\/docs\//)
      expect(check.soc2.criteria.length).toBeGreaterThan(0)
    }
  })

  it('is wholly covered by the default groups', () => {
    const categories = new Set(supabase.checks.map(check => check.category))
    expect([...categories].sort()).toEqual([...supabase.defaultChecks].sort())
    expect([...categories]).toEqual(expect.arrayContaining(['rls', 'auth', 'api_security', 'network', 'backup']))
  })
})
