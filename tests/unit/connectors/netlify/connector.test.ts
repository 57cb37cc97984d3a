import { describe, expect, it } from 'vitest'
import type { ApiReader } from '#server/connectors/contract'
import { netlify } from '#server/connectors/netlify'
import { readerOf } from '../reader'
import { site } from './evaluate'

/** Answers by endpoint id, through the endpoint's own schema. */
function reader(bodies: Record<string, unknown>): ApiReader {
  return readerOf(endpoint => bodies[endpoint.id])
}

const acme = { id: 'team1', slug: 'acme', name: 'Acme', type_name: 'Pro', has_site_password: true, site_password_context: 'all' }
const www = { id: 'site1', name: 'www', account_id: 'team1', account_slug: 'old-slug', url: 'https://www.netlify.app', custom_domain: 'acme.example' }

describe('account', () => {
  it.each([
    [{ id: '65f0', full_name: 'Ines Okafor', email: 'ines@acme.example' }, { id: '65f0', name: 'Ines Okafor' }],
    [{ id: '65f0', full_name: '', email: 'ines@acme.example' }, { id: '65f0', name: 'ines@acme.example' }],
    [{ id: '65f0', full_name: null }, { id: '65f0', name: '65f0' }],
    [{ id: '65f0', full_name: 7, email: {} }, { id: '65f0', name: '65f0' }],
  ])('is the person: %j', async (body, expected) => {
    expect(await netlify.account(reader({ user: body }))).toEqual(expected)
  })

  it.each([{}, { id: 5 }, { id: '' }, null, []])('does not exist in %j', async (body) => {
    await expect(netlify.account(reader({ user: body }))).rejects.toThrow()
  })
})

describe('resources', () => {
  const found = (bodies: Record<string, unknown>) => Array.fromAsync(netlify.resources(reader(bodies)))

  it('are the teams and their sites, with what checks and pages need', async () => {
    expect(await found({ accounts: [acme], sites: [www] })).toEqual([
      { kind: 'account', externalId: 'team1', name: 'Acme', metadata: { slug: 'acme', plan: 'Pro' } },
      { kind: 'site', externalId: 'site1', name: 'www', metadata: { account_id: 'team1', account_slug: 'acme', plan: 'Pro', url: 'https://www.netlify.app', custom_domain: 'acme.example', disabled: null, team_password: true, team_password_context: 'all' } },
    ])
  })

  it('may be none: whoever left every team keeps a token that works', async () => {
    expect(await found({ accounts: [], sites: [] })).toEqual([])
    expect(await found({ accounts: [acme], sites: [] })).toHaveLength(1)
  })

  it('may be sites of a team that does not show itself', async () => {
    expect(await found({ accounts: [], sites: [www] })).toMatchObject([{ metadata: { account_id: 'team1', account_slug: 'old-slug', plan: null, team_password: null } }])
  })

  it('are read page by page', async () => {
    const api: ApiReader = {
      ...reader({ accounts: [acme] }),
      async* pages(endpoint) { for (const id of ['a', 'b', 'c']) yield endpoint.schema.parse([{ ...www, id }]) },
    }
    expect((await Array.fromAsync(netlify.resources(api))).map(resource => resource.externalId)).toEqual(['team1', 'a', 'b', 'c'])
  })

  it('cannot be asked when switched off, and otherwise can', () => {
    expect(netlify.unavailable({ ...site, metadata: { disabled: true } })).toMatch(/switched off/)
    for (const disabled of [false, null, 'true']) expect(netlify.unavailable({ ...site, metadata: { disabled } })).toBeNull()
    expect(netlify.unavailable({ ...site, metadata: {} })).toBeNull()
  })
})

describe('the token endpoint\'s answer', () => {
  const parse = (body: unknown) => netlify.authorization.tokenAnswer.safeParse(body)
  const plain = { accessToken: 'a', refreshToken: undefined, expiresIn: undefined, scopes: undefined }

  it.each([
    ['as Netlify sends it', { access_token: 'a', token_type: 'Bearer', scope: 'public', created_at: 1_700_000_000 }, plain],
    ['with a refresh token of null', { access_token: 'a', token_type: 'bearer', refresh_token: null }, plain],
    ['with an odd lifetime', { access_token: 'a', expires_in: 'never' }, plain],
    ['with a lifetime and a refresh token, should they ever come', { access_token: 'a', refresh_token: 'r', expires_in: 7200 }, { ...plain, refreshToken: 'r', expiresIn: 7200 }],
  ])('becomes a token set %s', (_name, body, expected) => {
    expect(parse(body).data).toEqual(expected)
  })

  it.each([
    ['nothing', {}], ['an error', { error: 'invalid_grant' }], ['an empty token', { access_token: '' }], ['another type', { access_token: 'a', token_type: 'mac' }], ['a list', []], ['null', null],
  ])('is refused with %s', (_name, body) => {
    expect(parse(body).success).toBe(false)
  })
})

describe('discovery', () => {
  it('is said to make exactly the calls that it makes', async () => {
    const made = new Set<string>()
    const bodies: Record<string, unknown> = { user: { id: 'u' }, accounts: [acme], sites: [www] }
    const api = readerOf((endpoint) => {
      made.add(`${endpoint.id} ${endpoint.scope}`)
      return bodies[endpoint.id]
    })
    await netlify.account(api)
    await Array.fromAsync(netlify.resources(api))
    expect([...made].sort()).toEqual(netlify.discovery.map(({ id, scope }) => `${id} ${scope}`).sort())
  })
})

describe('retryAfter', () => {
  const date = 'Sun, 22 Nov 2026 12:00:00 GMT'
  const at = (seconds: number) => String(Date.parse(date) / 1000 + seconds)

  it.each([
    [{ 'x-ratelimit-reset': at(42), date }, 42],
    [{ 'x-ratelimit-reset': at(1), date }, 1],
    [{ 'x-ratelimit-reset': at(86_400), date }, 60],
    [{ 'x-ratelimit-reset': at(0), date }, null],
    [{ 'x-ratelimit-reset': at(-5), date }, null],
    [{ 'x-ratelimit-reset': '42', date }, null],
    [{ 'x-ratelimit-reset': 'soon', date }, null],
    [{ 'x-ratelimit-reset': `${at(9)}.5`, date }, null],
    [{ date }, null],
    [{}, null],
  ])('%j means %s', (headers, seconds) => {
    expect(netlify.retryAfter(new Headers(headers as Record<string, string>))).toBe(seconds)
  })

  it('goes by our own clock where the answer has no date', () => {
    expect(netlify.retryAfter(new Headers({ 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3000) }))).toBe(60)
  })
})

describe('the list of checks', () => {
  it('has unique ids in the connector\'s name, and words for people', () => {
    expect(new Set(netlify.checks.map(check => check.id)).size).toBe(netlify.checks.length)
    expect(netlify.checks.length).toBeGreaterThanOrEqual(8)
    for (const check of netlify.checks) {
      expect(check.id).toMatch(/^netlify_[a-z_]+$/)
      expect(check.rationale).toMatch(/\.$/)
      expect(check.remediation.steps.length).toBeGreaterThan(1)
      expect(check.remediation.url).toMatch(/^https:\/\/docs\.netlify\.com\//)
      expect(check.soc2).toMatchObject({ own: true, criteria: [expect.any(String), ...check.soc2.criteria.slice(1)] })
      expect(check.iso27001?.controls.length).toBeGreaterThan(0)
    }
  })

  it('asks about teams and sites, and nothing else', () => {
    const kinds = netlify.checks.flatMap(check => check.kinds ?? ['all'])
    expect([...new Set(kinds)].sort()).toEqual(['account', 'site'])
  })

  it('is wholly covered by the default groups', () => {
    expect([...new Set(netlify.checks.map(check => check.category))].sort()).toEqual([...netlify.defaultChecks].sort())
  })
})
