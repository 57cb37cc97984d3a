import { describe, expect, it } from 'vitest'
import type { Settings } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { authorizeUrl, installUrl } from '#server/oauth/authorize-url'
import type { OAuthClient } from '#server/oauth/client'

const { authorization } = github
const clientWith = (settings: Settings, authBase = 'https://github.com'): OAuthClient => ({
  connector: github, clientId: 'Iv1.0', clientSecret: 's', apiBase: 'https://api.github.com', authBase, redirectUri: 'https://app.example/api/auth/github/callback', settings, fetch,
})
const start = (settings: Settings, authBase?: string) => authorizeUrl(clientWith(settings, authBase), { state: 'st', codeVerifier: 'v'.repeat(43) })

describe('the start', () => {
  it('needs no setting, and asks for the scopes that an OAuth App needs', async () => {
    const url = await start({})
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'Iv1.0', response_type: 'code', redirect_uri: 'https://app.example/api/auth/github/callback', state: 'st',
      scope: 'repo read:org admin:org', code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256',
    })
  })

  it.each([
    ['allyship', 'https://github.com', 'https://github.com/apps/allyship/installations/new'],
    ['github-apps/allyship', 'https://ghe.example', 'https://ghe.example/github-apps/allyship/installations/new'],
  ])('goes by way of the installation of %s', async (APP_SLUG, authBase, expected) => {
    expect(installUrl(clientWith({ APP_SLUG }, authBase), 'st')?.href).toBe(`${expected}?state=st`)
    expect((await start({ APP_SLUG }, authBase)).href.startsWith(`${authBase}/login/oauth/authorize?`)).toBe(true)
  })

  it('has no installation without the app\'s name', () => {
    expect(installUrl(clientWith({}), 'st')).toBeNull()
  })

  it('takes a name, and no way to elsewhere', () => {
    const pattern = github.settings.find(setting => setting.name === 'APP_SLUG')?.pattern
    const taken = ['allyship', 'github-apps/allyship', 'a_b-c', '../x', 'a/b/c', '/a', 'a?b', 'a b', 'https://evil.example'].filter(slug => pattern?.test(slug))
    expect(taken).toEqual(['allyship', 'github-apps/allyship', 'a_b-c'])
  })
})

describe('the token endpoint\'s answer', () => {
  const parse = (body: unknown) => authorization.tokenAnswer.safeParse(body)

  it('of a GitHub App becomes a token set with ends, and says nothing about permissions', () => {
    expect(parse({ access_token: 'ghu_a', expires_in: 28800, refresh_token: 'ghr_a', refresh_token_expires_in: 15897600, scope: '', token_type: 'bearer' }).data)
      .toEqual({ accessToken: 'ghu_a', refreshToken: 'ghr_a', expiresIn: 28800, refreshExpiresIn: 15897600, scopes: undefined })
  })

  it('of an OAuth App becomes one without an end, with its scopes', () => {
    expect(parse({ access_token: 'gho_a', scope: 'admin:org,repo', token_type: 'bearer' }).data)
      .toEqual({ accessToken: 'gho_a', refreshToken: undefined, expiresIn: undefined, refreshExpiresIn: undefined, scopes: ['admin:org', 'repo'] })
  })

  it('may have a token of 520 characters, lifetimes as text, and scopes with spaces', () => {
    const long = `ghs_${'a.b_'.repeat(129)}`
    expect(parse({ access_token: long, expires_in: '28800', scope: 'repo read:org' }).data).toMatchObject({ accessToken: long, expiresIn: 28800, scopes: ['repo', 'read:org'] })
  })

  it.each(['soon', 0, -5, null])('has no lifetime when it says %j', (expires_in) => {
    expect(parse({ access_token: 'a', expires_in }).data?.expiresIn).toBeUndefined()
  })

  it.each(['<script>', 'repo;drop', '  '])('names no permissions when the scope is %j', (scope) => {
    expect(parse({ access_token: 'a', scope }).data?.scopes).toBeUndefined()
  })

  it.each([['nothing', {}], ['an error', { error: 'bad_verification_code' }], ['an empty token', { access_token: '' }], ['another type', { access_token: 'a', token_type: 'mac' }], ['a list', []], ['null', null]])('is refused with %s', (_name, body) => {
    expect(parse(body).success).toBe(false)
  })
})

describe('permissions', () => {
  const covers = (granted: string) => authorization.scopes.map(scope => scope.name).filter(needed => authorization.scopeCovers(granted, needed))

  it('are included in an OAuth App\'s scopes, webhooks in none', () => {
    expect(covers('repo')).toEqual(['metadata:read', 'administration:read', 'secret_scanning_alerts:read', 'vulnerability_alerts:read', 'security_events:read'])
    expect(covers('security_events')).toEqual(['secret_scanning_alerts:read', 'vulnerability_alerts:read', 'security_events:read'])
    expect(covers('read:org')).toEqual(['members:read'])
    expect(covers('admin:org')).toEqual(['members:read', 'organization_administration:read'])
    for (const other of ['public_repo', 'admin:org_hook', 'user', 'gist', 'constructor', '']) expect(covers(other)).toEqual([])
  })

  it('to write include those to read', () => {
    expect(covers('administration:write')).toEqual(['administration:read'])
  })

  it('that the request asks for cover all that their words say', () => {
    const asked = ['repo', 'read:org', 'admin:org']
    const left = authorization.scopes.filter(scope => !asked.some(granted => authorization.scopeCovers(granted, scope.name)))
    expect(left.map(scope => [scope.name, scope.parameter])).toEqual([['organization_hooks:read', null]])
  })

  it('are all to read', () => {
    for (const { name } of authorization.scopes) expect(name).toMatch(/^[a-z_]+:read$/)
  })
})

it('a revocation ends one token, with the credentials in the header and the token in the body', () => {
  const { revocation } = authorization
  expect([revocation.method, revocation.base, revocation.path({ clientId: 'Iv1/0', facts: {} })]).toEqual(['DELETE', 'api', '/applications/Iv1%2F0/token'])
  expect(revocation.request({ clientId: 'Iv1/0', clientSecret: 's', accessToken: 'a' })).toEqual({ encoding: 'json', body: { access_token: 'a' }, authorization: 'basic' })
})

describe('retryAfter', () => {
  const now = 1_800_000_000_000
  it.each([
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1800000100' }, 7],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1800000042' }, 42],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1799999000' }, 0],
    [{ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '1800000042' }, null],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '42' }, null],
    [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, null],
    [{ 'retry-after': 'Fri, 15 Jan 2027 08:01:00 GMT' }, 60],
    [{ 'retry-after': '-5' }, null],
    [{}, null],
  ])('%j means %s', (headers, seconds) => {
    expect(github.retryAfter(new Headers(headers as Record<string, string>), now)).toBe(seconds)
  })
})

describe('the list of checks', () => {
  it('has unique ids in the connector\'s name, words for people, and mappings', () => {
    expect(new Set(github.checks.map(check => check.id)).size).toBe(github.checks.length)
    expect(github.checks.length).toBeGreaterThanOrEqual(12)
    for (const check of github.checks) {
      expect(check.id).toMatch(/^github_[a-z0-9_]+$/)
      expect(check.rationale).toMatch(/\.$/)
      expect(check.remediation.steps.length).toBeGreaterThan(1)
      expect(check.remediation.url).toMatch(/^https:\/\/docs\.github\.com\/en\//)
      expect(check.soc2.criteria.length).toBeGreaterThan(0)
      expect(check.iso27001?.controls.every(control => /^A\.[5-8]\.\d{1,2}$/.test(control))).toBe(true)
      expect(check.cis?.every(({ ids }) => ids.every(id => /^1\.\d\.\d{1,2}$/.test(id))) ?? true).toBe(true)
      expect(check.kinds).toHaveLength(1)
    }
  })

  it('is wholly covered by the default groups', () => {
    expect([...new Set(github.checks.map(check => check.category))].sort()).toEqual([...github.defaultChecks].sort())
  })
})
