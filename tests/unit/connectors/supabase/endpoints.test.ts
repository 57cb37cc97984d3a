import { describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import * as endpoints from '#server/connectors/supabase/endpoints'
import { project } from './evaluate'

const canary = 'CANARY-6f1c'
const all = Object.values(endpoints)

/** Bodies as the provider may send them, with a secret wherever the real ones carry one, and unknown fields. */
const poisoned: Record<string, unknown> = {
  organizations: [{ id: 'x', slug: 'brightwater', name: 'Brightwater', billing_key: canary }],
  projects: [{ ref: 'wmqzkfhvtnxcyrbdlgps', name: 'p', organization_slug: 'brightwater', status: 'ACTIVE_HEALTHY', db_pass: canary, database: { version: '17', password: canary } }],
  organization: { plan: 'pro', token: canary },
  entitlements: { entitlements: [{ feature: { key: 'auth.password_hibp', note: canary }, hasAccess: true, config: { secret: canary } }] },
  members: [{ user_name: 'ines', mfa_enabled: true, email: canary, totp_secret: canary }],
  advisors: { lints: [{ name: 'leaked_service_key', level: 'ERROR', detail: canary, description: canary, metadata: { name: 'key', key: canary } }], raw: canary },
  auth_config: {
    password_min_length: 12, smtp_pass: canary, security_captcha_secret: canary, external_github_secret: canary, external_apple_secret: canary,
    hook_send_email_secrets: canary, sms_twilio_auth_token: canary, sms_vonage_api_secret: canary, nimbus_oauth_client_secret: canary, sms_test_otp: canary,
  },
  postgrest: { db_schema: 'public', max_rows: 1, jwt_secret: canary },
  legacy_keys: { enabled: true, anon: canary, service_role: canary },
  signing_keys: { keys: [{ id: 'x', algorithm: 'HS256', status: 'in_use', private_jwk: { k: canary }, public_jwk: { k: canary } }] },
  functions: [{ slug: 'hello', verify_jwt: true, env: { KEY: canary } }],
  ssl_enforcement: { currentConfig: { database: true, key: canary }, appliedSuccessfully: true },
  network_restrictions: { entitlement: 'allowed', config: { dbAllowedCidrs: [], token: canary }, old_config: { note: canary }, status: 'applied' },
  backups: { pitr_enabled: false, backups: [{ status: 'COMPLETED', inserted_at: 'x', url: canary }], physical_backup_data: { key: canary } },
  upgrade_eligibility: { eligible: true, current_app_version: '1', latest_app_version: '1', secret: canary },
  storage_buckets: [{ name: 'b', public: false, key: canary }],
}

describe('endpoints', () => {
  it('are all tried here', () => {
    expect(Object.keys(poisoned).sort()).toEqual(all.map(endpoint => endpoint.id).sort())
  })

  it.each(all.map(endpoint => [endpoint.id, endpoint] as const))('%s lets no secret through', (id, endpoint) => {
    const parsed = endpoint.schema.parse(poisoned[id])
    expect(JSON.stringify(parsed)).not.toContain(canary)
    expect(JSON.stringify(parsed)).not.toMatch(/secret|pass"|private|jwk/)
  })

  it('name no field that could hold a secret', () => {
    const fields = [...Object.keys(endpoints.authConfig.schema.shape), ...Object.keys(endpoints.postgrest.schema.shape)]
    expect(fields.filter(field => /secret|_pass$|token$|api_key|_key$/.test(field))).toEqual([])
  })

  it('have unique ids, a scope that is asked for, and a path below /v1', () => {
    expect(new Set(all.map(endpoint => endpoint.id)).size).toBe(all.length)
    const scopes = supabase.authorization.scopes.map(scope => scope.name)
    for (const endpoint of all) {
      expect(scopes).toContain(endpoint.scope)
      expect(endpoint.path(project)).toMatch(/^\/v1\/[\w/-]+$/)
    }
  })

  it('encode what stands in a path', () => {
    const odd = { ...project, externalId: '../organizations?x=', metadata: { organization_slug: 'a/b' } }
    expect(endpoints.postgrest.path(odd)).toBe('/v1/projects/..%2Forganizations%3Fx%3D/postgrest')
    expect(endpoints.members.path(odd)).toBe('/v1/organizations/a%2Fb/members')
  })

  it('take unknown values of an enum', () => {
    expect(endpoints.advisors.schema.parse({ lints: [{ name: 'new', level: 'FATAL' }] })).toEqual({ lints: [{ name: 'new', level: 'FATAL' }] })
    expect(endpoints.organization.schema.parse({ plan: 'galactic' })).toEqual({ plan: 'galactic' })
  })
})
