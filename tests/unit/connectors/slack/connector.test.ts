import { describe, expect, it } from 'vitest'
import type { ApiReader } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { ProviderError } from '#server/errors'
import { readerOf } from '../reader'

/** Answers by endpoint id, through the endpoint's own schema. */
function reader(bodies: Record<string, unknown>): ApiReader {
  return readerOf(endpoint => bodies[endpoint.id])
}

const alone = { ok: true, team: 'Acme', team_id: 'T1', user_id: 'U1', is_enterprise_install: false }
const organization = { ok: true, team: 'Acme Group', team_id: 'E1', enterprise_id: 'E1', is_enterprise_install: true }
const info = { ok: true, team: { name: 'Acme', domain: 'acme' } }

describe('account', () => {
  it.each([
    ['a workspace', alone, { id: 'T1', name: 'Acme' }],
    ['a workspace that says no more', { ok: true, team_id: 'T1' }, { id: 'T1', name: 'T1' }],
    ['a workspace of an organization', { ...alone, enterprise_id: 'E1' }, { id: 'T1', name: 'Acme' }],
    ['an organization', organization, { id: 'E1', name: 'Acme Group' }],
  ])('is %s', async (_name, identity, expected) => {
    expect(await slack.account(reader({ identity }))).toEqual(expected)
  })

  it.each([
    ['a workspace without its id', { ok: true, team: 'Acme' }], ['an organization without its id', { ...organization, enterprise_id: null }], ['an id that is none', { ...alone, team_id: '../x' }],
  ])('does not exist for %s', async (_name, identity) => {
    await expect(slack.account(reader({ identity }))).rejects.toBeInstanceOf(ProviderError)
  })
})

describe('resources', () => {
  it('are the one workspace', async () => {
    expect(await Array.fromAsync(slack.resources(reader({ identity: alone, workspace: info })))).toEqual([
      { kind: 'workspace', externalId: 'T1', name: 'Acme', metadata: { domain: 'acme', enterprise_id: null, install: 'workspace' } },
    ])
  })

  it('are all workspaces of an organization, page by page', async () => {
    const pages = [['T1', 'T2'], ['T3']].map(ids => ({ ok: true, teams: ids.map(id => ({ id, name: `team ${id}` })) }))
    const api: ApiReader = {
      ...reader({ identity: organization }),
      async* pages(endpoint) { for (const page of pages) yield endpoint.schema.parse(page) },
    }
    const found = await Array.fromAsync(slack.resources(api))
    expect(found.map(one => one.externalId)).toEqual(['T1', 'T2', 'T3'])
    expect(found[2]).toEqual({ kind: 'workspace', externalId: 'T3', name: 'team T3', metadata: { enterprise_id: 'E1', install: 'organization' } })
  })

  it('can always be asked', () => {
    expect(slack.unavailable()).toBeNull()
  })

  it.each([[alone, ['identity', 'workspace']], [organization, ['identity', 'workspaces']]])('are found with the calls that are declared', async (identity, expected) => {
    const made = new Set<string>()
    const bodies: Record<string, unknown> = { identity, workspace: info, workspaces: { ok: true, teams: [{ id: 'T1' }] } }
    const api = readerOf((endpoint) => {
      made.add(`${endpoint.id} ${endpoint.scope}`)
      return bodies[endpoint.id]
    })
    await slack.account(api)
    await Array.fromAsync(slack.resources(api))
    expect([...made].sort()).toEqual(slack.discovery.filter(({ id }) => expected.includes(id)).map(({ id, scope }) => `${id} ${scope}`).sort())
  })
})

describe('the authorize address', () => {
  const client = {
    connector: slack, clientId: '1.2', clientSecret: 's', apiBase: slack.hosts.api, authBase: slack.hosts.auth, redirectUri: 'https://app.example/api/auth/slack/callback', settings: {}, fetch,
  }

  it('asks for the app\'s and the person\'s permissions, and has no challenge', async () => {
    const url = await authorizeUrl(client, { state: 's', codeVerifier: null })
    expect(`${url.origin}${url.pathname}`).toBe('https://slack.com/oauth/v2/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: '1.2', redirect_uri: client.redirectUri, response_type: 'code', state: 's',
      scope: 'team:read,users:read,team.preferences:read,channels:read,groups:read', user_scope: 'users:read',
    })
  })

  it('starts with the workspace that is to be reconnected; an organization cannot be named', async () => {
    expect((await authorizeUrl(client, { state: 's', codeVerifier: null }, 'T1')).searchParams.get('team')).toBe('T1')
    expect((await authorizeUrl(client, { state: 's', codeVerifier: null }, 'E1')).searchParams.has('team')).toBe(false)
  })

  it('asks for nothing that reads messages or files, manages or administers', () => {
    const asked = [...slack.authorization.scopes.map(scope => scope.name), ...slack.authorization.authorizeParameters.user_scope.split(',')]
    expect(asked.filter(scope => !scope.endsWith(':read') || /history|files|admin|manage|email/.test(scope))).toEqual([])
  })
})

describe('what is kept', () => {
  it('is encrypted for both pairs', () => {
    expect(slack.secrets).toEqual(['access_token', 'refresh_token', ...slack.authorization.slots.flatMap(slot => [`${slot}_access_token`, `${slot}_refresh_token`])])
  })

  it('is one setting more than usual, secret and not needed to connect', () => {
    expect(slack.settings).toEqual([expect.objectContaining({ name: 'SIGNING_SECRET', secret: true, required: false })])
    expect(slack.webhooks.key).toEqual({ setting: 'SIGNING_SECRET' })
  })
})

describe('retryAfter', () => {
  it.each([
    [{ 'retry-after': '30' }, 30], [{ 'retry-after': '0' }, 0], [{ 'retry-after': 'soon' }, null], [{ 'retry-after': '-1' }, null], [{ 'retry-after': '1e9' }, null], [{}, null],
  ])('%j means %s', (headers, seconds) => {
    expect(slack.retryAfter(new Headers(headers as Record<string, string>))).toBe(seconds)
  })
})

describe('the list of checks', () => {
  it('has unique ids in the connector\'s name, and words for people', () => {
    expect(new Set(slack.checks.map(check => check.id)).size).toBe(slack.checks.length)
    expect(slack.checks.length).toBeGreaterThanOrEqual(8)
    for (const check of slack.checks) {
      expect(check.id).toMatch(/^slack_[a-z0-9_]+$/)
      expect(check.rationale).toMatch(/\.$/)
      expect(check.remediation.steps.length).toBeGreaterThan(1)
      expect(check.remediation.url).toMatch(/^https:\/\/slack\.com\/help\/articles\/\d+/)
      expect(check.soc2.criteria.length).toBeGreaterThan(0)
    }
  })

  it('is wholly covered by the default groups', () => {
    expect([...new Set(slack.checks.map(check => check.category))].sort()).toEqual([...slack.defaultChecks].sort())
  })
})
