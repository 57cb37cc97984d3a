import { authConfig } from './auth-config'
import type { SandboxProject } from './project'
import { advisors, backups, bucket, network, postgrest, signingKeys, upgrade } from './shapes'

const version = '15.8.1.085'
const region = 'eu-west-2'

/** Neglected: tables without row level security, a view over auth.users, clear-text connections, backups that fail. */
export const staging: SandboxProject = {
  ref: 'hjxvdqmtkzncwrfbyplg',
  name: 'brightwater-staging',
  region,
  ageInDays: 187,
  postgres: { major: '15', version },
  reads: {
    '/advisors/security': () => advisors([
      { name: 'rls_disabled_in_public', title: 'RLS disabled in public', level: 'ERROR', type: 'table', object: 'customer_notes' },
      { name: 'rls_disabled_in_public', title: 'RLS disabled in public', level: 'ERROR', type: 'table', object: 'import_rows' },
      { name: 'policy_exists_rls_disabled', title: 'Policy exists, RLS disabled', level: 'ERROR', type: 'table', object: 'import_rows' },
      { name: 'rls_references_user_metadata', title: 'Policy references user metadata', level: 'ERROR', type: 'table', object: 'team_settings' },
      { name: 'auth_users_exposed', title: 'Users exposed', level: 'ERROR', type: 'view', object: 'user_directory' },
      { name: 'security_definer_view', title: 'Security definer view', level: 'ERROR', type: 'view', object: 'user_directory' },
      { name: 'function_search_path_mutable', title: 'Function search path mutable', level: 'WARN', type: 'function', object: 'touch_updated_at' },
      { name: 'vulnerable_postgres_version', title: 'Vulnerable Postgres version', level: 'WARN', type: 'compliance', object: 'postgres' },
    ]),
    '/config/auth': () => authConfig({
      site_url: 'https://staging.brightwater.example',
      uri_allow_list: 'http://localhost:3000/**,https://*.preview.brightwater.example/**',
      password_min_length: 6,
      password_required_characters: '',
      password_hibp_enabled: false,
      mailer_autoconfirm: true,
      mailer_otp_exp: 86_400,
      mfa_totp_enroll_enabled: false,
      mfa_totp_verify_enabled: false,
      external_anonymous_users_enabled: true,
    }),
    '/postgrest': () => postgrest('public, graphql_public, internal', 5000),
    '/api-keys/legacy': () => ({ enabled: false }),
    '/config/auth/signing-keys': now => signingKeys(now, 'ES256'),
    '/functions': () => [],
    '/ssl-enforcement': () => ({ currentConfig: { database: false }, appliedSuccessfully: true }),
    '/network-restrictions': () => network(['203.0.113.0/24'], ['2001:db8:41::/48']),
    '/database/backups': now => backups(now, region, [[0.3, 'FAILED'], [1.3, 'FAILED'], [9.3, 'COMPLETED'], [10.3, 'COMPLETED']]),
    '/upgrade/eligibility': () => upgrade(version, '17.6.1.104'),
    '/storage/buckets': now => [bucket(now, 'uploads', true), bucket(now, 'exports', false)],
  },
}
