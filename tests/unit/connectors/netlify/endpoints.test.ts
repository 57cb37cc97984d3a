import { describe, expect, it } from 'vitest'
import type { Endpoint } from '#server/connectors/contract'
import { netlify } from '#server/connectors/netlify'
import * as exported from '#server/connectors/netlify/endpoints'
import { site, team } from './evaluate'

const { scope, ...endpoints } = exported
const canary = 'CANARY-6f1c'
const all: Endpoint[] = Object.values(endpoints)

/** Bodies as the provider may send them, with a secret wherever the real ones carry one, and unknown fields. */
const poisoned: Record<string, unknown> = {
  user: { id: '65f0', full_name: 'Ines', email: 'ines@acme.example', support_token: canary },
  accounts: [{ id: 'team1', slug: 'acme', name: 'Acme', type_name: 'Pro', payment_method_id: canary, site_jwt_secret: canary, saml_config: { idp_cert: canary } }],
  sites: [{ id: '3f9a', name: 'www', account_id: 'team1', password: canary, deploy_hook: canary, default_hooks_data: { access_token: canary }, build_settings: { env: { A: canary } } }],
  site: { password: canary, password_hash: canary, jwt_secret: canary, default_hooks_data: { access_token: canary }, has_password: true, build_settings: { env: { A: canary }, cmd: canary, repo_path: 'acme/www' } },
  certificate: { state: 'issued', domains: ['a.example'], private_key: canary, renewal_error_message: canary },
  variables: [{ key: 'API_TOKEN', is_secret: false, values: [{ value: canary }], updated_by: { email: canary } }],
  hooks: [{ type: 'url', event: 'deploy_created', data: { url: `https://${canary}:${canary}@hooks.acme.example/${canary}?k=${canary}#${canary}`, signature_secret: canary, access_token: canary } }],
  members: [{ full_name: 'Ines', role: 'Owner', email: canary, mfa_enabled: true, connected_accounts: { github: canary } }],
  audit_log: [{ payload: { timestamp: '2026-11-22T08:00:00Z', actor_email: canary, action: canary } }],
}

describe('endpoints', () => {
  it('are all tried here', () => {
    expect(Object.keys(poisoned).sort()).toEqual(all.map(endpoint => endpoint.id).sort())
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s lets no secret through', (id, endpoint) => {
    const parsed = endpoint.schema.parse(poisoned[id])
    expect(JSON.stringify(parsed)).not.toContain(canary)
    expect(JSON.stringify(parsed)).not.toMatch(/"(?:password|token|env|values|email_hash|private_key)"/)
  })

  it('say of a webhook where it goes and whether it is signed, and of a renewal that it failed', () => {
    expect(endpoints.hooks.schema.parse(poisoned.hooks)).toEqual([{ type: 'url', event: 'deploy_created', data: { url: { encrypted: true, host: 'hooks.acme.example' }, signature_secret: true } }])
    expect(endpoints.certificate.schema.parse(poisoned.certificate)).toMatchObject({ renewal_error_message: true })
  })

  it('have unique ids, the one permission, and a path below /api/v1', () => {
    expect(new Set(all.map(endpoint => endpoint.id)).size).toBe(all.length)
    expect(netlify.authorization.scopes.map(one => one.name)).toEqual([scope])
    for (const endpoint of all) {
      expect(endpoint.scope).toBe(scope)
      for (const resource of [site, team]) expect(endpoint.path(resource, {})).toMatch(/^\/api\/v1\/[\w/-]+(\?[\w=&-]+)?$/)
    }
  })

  it('encode what stands in a path', () => {
    const odd = { ...site, externalId: '../user?x=', metadata: { account_id: 'a/b', slug: '../user' } }
    expect(endpoints.siteSettings.path(odd)).toBe('/api/v1/sites/..%2Fuser%3Fx%3D')
    expect(endpoints.variables.path(odd)).toBe('/api/v1/accounts/a%2Fb/env?site_id=..%2Fuser%3Fx%3D')
    expect(endpoints.members.path(odd)).toBe('/api/v1/..%2Fuser/members')
  })

  it('take ids and slugs that are one part of a path only', () => {
    for (const id of ['..', 'a/b', '', 'a?b', 'x'.repeat(101)]) {
      expect(endpoints.accounts.schema.safeParse([{ id, slug: 'acme', name: 'Acme' }]).success).toBe(false)
      expect(endpoints.accounts.schema.safeParse([{ id: 'a', slug: id, name: 'Acme' }]).success).toBe(false)
      expect(endpoints.sites.schema.safeParse([{ id, name: 'www', account_id: 'a' }]).success).toBe(false)
      expect(endpoints.user.schema.safeParse({ id }).success).toBe(false)
    }
  })

  it('read the variables of a site with the site, and those of a team without', () => {
    expect(endpoints.variables.path(site)).toBe('/api/v1/accounts/team1/env?site_id=3f9a1c2e-5b7d-4e8f-9a0b-1c2d3e4f5a6b')
    expect(endpoints.variables.path(team)).toBe('/api/v1/accounts/team1/env')
  })

  it('take `null` for a certificate that is not there', () => {
    expect(endpoints.certificate.schema.parse(null)).toBeNull()
  })
})
