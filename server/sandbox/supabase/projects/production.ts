import { authConfig } from './auth-config'
import type { SandboxProject } from './project'
import { advisors, backups, bucket, edgeFunction, network, postgrest, signingKeys, upgrade } from './shapes'

const version = '17.6.1.104'
const region = 'eu-central-1'

/** Looked after. Open: any network may reach the database, and the legacy keys are still on. */
export const production: SandboxProject = {
  ref: 'wmqzkfhvtnxcyrbdlgps',
  name: 'brightwater-production',
  region,
  ageInDays: 412,
  postgres: { major: '17', version },
  reads: {
    '/advisors/security': () => advisors([
      { name: 'rls_enabled_no_policy', title: 'RLS enabled, no policy', level: 'INFO', type: 'table', object: 'job_queue' },
    ]),
    '/config/auth': () => authConfig({
      site_url: 'https://app.brightwater.example',
      uri_allow_list: 'https://app.brightwater.example/**,https://admin.brightwater.example/auth/callback',
      password_min_length: 14,
      password_required_characters: 'abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789',
      password_hibp_enabled: true,
    }),
    '/postgrest': () => postgrest('public, graphql_public', 500),
    '/api-keys/legacy': () => ({ enabled: true }),
    '/config/auth/signing-keys': now => signingKeys(now, 'ES256'),
    '/functions': now => [edgeFunction(now, 'send-invoice', true), edgeFunction(now, 'resize-image', true)],
    '/ssl-enforcement': () => ({ currentConfig: { database: true }, appliedSuccessfully: true }),
    '/network-restrictions': () => network(['0.0.0.0/0'], ['::/0']),
    '/database/backups': now => backups(now, region, [[0.3, 'COMPLETED'], [1.3, 'COMPLETED'], [2.3, 'COMPLETED'], [3.3, 'COMPLETED']]),
    '/upgrade/eligibility': () => upgrade(version, version),
    '/storage/buckets': now => [bucket(now, 'invoices', false), bucket(now, 'avatars', false)],
  },
}
