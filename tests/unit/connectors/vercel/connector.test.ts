import { describe, expect, it } from 'vitest'
import type { OAuth2, TokenSet } from '#server/connectors/contract'
import { vercel } from '#server/connectors/vercel'
import { ProviderError } from '#server/errors'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { clientAt } from '../../oauth/support'

const client = (settings: Record<string, string | undefined> = {}) => ({ ...clientAt('https://vercel.example'), connector: vercel, settings })
const authorization: OAuth2 = vercel.authorization

it('keeps nothing of a callback, which anybody can write, and takes people who start at Vercel', () => {
  expect(authorization.callbackFacts).toBeUndefined()
  expect([authorization.startsElsewhere, authorization.pkce]).toEqual([true, 'none'])
})

describe('the start address', () => {
  it('is the integration\'s, by its slug, and asks for nothing that Vercel has no word for', async () => {
    const url = await authorizeUrl(client({ INTEGRATION_SLUG: 'northwind-audit' }), { state: 's', codeVerifier: null })
    expect(`${url.origin}${url.pathname}`).toBe('https://vercel.example/integrations/northwind-audit/new')
    expect(url.searchParams.get('state')).toBe('s')
    for (const name of ['scope', 'response_type', 'code_challenge', 'client_secret']) expect(url.searchParams.has(name)).toBe(false)
  })

  it('has a slug where none is set', async () => {
    expect((await authorizeUrl(client(), { state: 's', codeVerifier: null })).pathname).toBe('/integrations/allyship/new')
    expect(vercel.settings).toEqual([expect.objectContaining({ name: 'INTEGRATION_SLUG', required: false, secret: false })])
  })

  it.each([['allyship', true], ['North-wind2', true], ['a/b', false], ['..', false], ['', false], ['x'.repeat(33), false]])('may have the slug %s: %s', (slug, good) => {
    expect(vercel.settings[0]?.pattern?.test(slug)).toBe(good)
  })

  it.each(['a/b', '?x', '#x'])('stays one segment with the slug %s', async (slug) => {
    const url = await authorizeUrl(client({ INTEGRATION_SLUG: slug }), { state: 's', codeVerifier: null })
    expect(url.pathname).toBe(`/integrations/${encodeURIComponent(slug)}/new`)
  })

  it('leads nowhere else', async () => {
    await expect(authorizeUrl(client({ INTEGRATION_SLUG: '..' }), { state: 's', codeVerifier: null })).rejects.toBeInstanceOf(TypeError)
  })
})

describe('the token endpoint\'s answer', () => {
  const parse = (body: unknown) => authorization.tokenAnswer.safeParse(body)
  const team = { token_type: 'Bearer', access_token: 'a', installation_id: 'icfg_1', user_id: 'usr_1', team_id: 'team_1' }

  it.each<[string, object, TokenSet]>([
    ['a team\'s', team, { accessToken: 'a', facts: { installation_id: 'icfg_1', user_id: 'usr_1', team_id: 'team_1' } }],
    ['a personal account\'s', { ...team, team_id: null }, { accessToken: 'a', facts: { installation_id: 'icfg_1', user_id: 'usr_1' } }],
    ['one without a type', { ...team, token_type: undefined }, { accessToken: 'a', facts: { installation_id: 'icfg_1', user_id: 'usr_1', team_id: 'team_1' } }],
    ['one that says nothing else', { access_token: 'a' }, { accessToken: 'a', facts: {} }],
  ])('may be %s', (_name, body, expected) => {
    expect(parse(body).data).toEqual(expected)
  })

  it.each([
    ['nothing', {}], ['an error', { error: { code: 'bad_request', message: 'no' } }], ['an empty token', { ...team, access_token: '' }], ['another type', { ...team, token_type: 'mac' }],
    // Without its team the personal account would be read.
    ['a team that cannot be read', { ...team, team_id: 7 }], ['a team with a path in it', { ...team, team_id: '../x' }], ['an empty team', { ...team, team_id: '' }],
    ['an odd installation', { ...team, installation_id: 'a b' }], ['a list', []], ['null', null],
  ])('is refused with %s', (_name, body) => {
    expect(parse(body).success).toBe(false)
  })
})

describe('revocation', () => {
  const path = (facts: Record<string, string>) => vercel.authorization.revocation.path({ facts })

  it('uninstalls what the token endpoint named, in its team', () => {
    expect(path({ installation_id: 'icfg_1', team_id: 'team_1', configurationId: 'icfg_forged', teamId: 'team_forged' })).toBe('/v1/integrations/configuration/icfg_1?teamId=team_1')
    expect(path({ installation_id: '../x', user_id: 'usr_1', teamId: 'team_forged' })).toBe('/v1/integrations/configuration/..%2Fx')
  })

  it('fails without an installation, rather than find nothing to end', () => {
    expect(() => path({})).toThrow(ProviderError)
    expect(() => path({ configurationId: 'icfg_forged' })).toThrow(ProviderError)
  })

  it('shows the token and nothing else', () => {
    expect(vercel.authorization.revocation.request()).toEqual({ encoding: 'json', body: {}, authorization: 'bearer' })
  })
})

describe('permissions', () => {
  it('to write include those to read, of the same thing and not the other way round', () => {
    const { scopeCovers } = vercel.authorization
    expect([scopeCovers('read-write:project', 'read:project'), scopeCovers('read-write:team', 'read:project'), scopeCovers('read:project', 'read-write:project')]).toEqual([true, false, false])
  })

  it('for environment variables are asked by checks that are off by default, and only by them', () => {
    const optional = vercel.checks.filter(check => Object.values(check.reads).some(endpoint => endpoint.scope === 'read-write:global-project-env-vars'))
    expect(optional.map(check => check.category)).toEqual(['secrets', 'secrets'])
    expect(vercel.checks.filter(check => check.category === 'secrets')).toEqual(optional)
    expect(vercel.defaultChecks).not.toContain('secrets')
    const categories = new Set(vercel.checks.map(check => check.category))
    expect([...vercel.defaultChecks, 'secrets'].sort()).toEqual([...categories].sort())
  })
})

describe('the list of checks', () => {
  it('has unique ids in the connector\'s name, and words for people', () => {
    expect(new Set(vercel.checks.map(check => check.id)).size).toBe(vercel.checks.length)
    expect(vercel.checks.length).toBeGreaterThanOrEqual(8)
    for (const check of vercel.checks) {
      expect(check.id).toMatch(/^vercel_[a-z_]+$/)
      expect(check.rationale).toMatch(/\.$/)
      expect(check.remediation.steps.length).toBeGreaterThan(1)
      expect(check.remediation.url).toMatch(/^https:\/\/vercel\.com\/docs\//)
      expect(check.soc2.criteria.length).toBeGreaterThan(0)
      expect(check.kinds).toHaveLength(1)
    }
  })
})
