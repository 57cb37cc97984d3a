/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import type { Bodies } from './evaluate'

const noLints = { lints: [] }
const dataApi = { db_schema: 'public, graphql_public', max_rows: 1000, jwt_secret: 'never' }

export const authConfig = {
  disable_signup: false,
  external_anonymous_users_enabled: false,
  external_email_enabled: true,
  jwt_exp: 3600,
  mailer_allow_unverified_email_sign_ins: false,
  mailer_autoconfirm: false,
  mailer_otp_exp: 3600,
  mfa_phone_enroll_enabled: false,
  mfa_phone_verify_enabled: false,
  mfa_totp_enroll_enabled: true,
  mfa_totp_verify_enabled: true,
  mfa_web_authn_enroll_enabled: false,
  mfa_web_authn_verify_enabled: false,
  password_hibp_enabled: true,
  password_min_length: 12,
  password_required_characters: 'abc:ABC:0123',
  refresh_token_rotation_enabled: true,
  uri_allow_list: 'https://app.example.com/**,http://localhost:*/**',
}

export const passing: Readonly<Record<string, Bodies>> = {
  supabase_rls_enabled: { advisors: noLints, postgrest: dataApi },
  supabase_rls_policies_effective: { advisors: noLints, postgrest: dataApi },
  supabase_sensitive_data_not_exposed: { advisors: noLints },
  supabase_auth_password_policy: { auth_config: authConfig },
  supabase_auth_leaked_passwords: { auth_config: authConfig, entitlements: { entitlements: [{ feature: { key: 'auth.password_hibp' }, hasAccess: true }] } },
  supabase_auth_mfa_available: { auth_config: authConfig },
  supabase_auth_signup_hardened: { auth_config: authConfig },
  supabase_api_surface_minimal: { advisors: noLints, postgrest: dataApi },
  supabase_api_keys_modern: { legacy_keys: { enabled: false }, signing_keys: { keys: [{ algorithm: 'HS256', status: 'previously_used' }, { algorithm: 'ES256', status: 'in_use' }] } },
  supabase_functions_verify_jwt: { functions: [{ slug: 'hello', name: 'hello', status: 'ACTIVE', verify_jwt: true }] },
  supabase_ssl_enforced: { ssl_enforcement: { currentConfig: { database: true }, appliedSuccessfully: true } },
  supabase_network_restricted: { network_restrictions: { entitlement: 'allowed', config: { dbAllowedCidrs: ['203.0.113.0/24'], dbAllowedCidrsV6: ['2001:db8::/48'] }, status: 'applied' } },
  supabase_backups_recent: { backups: { pitr_enabled: false, backups: [{ status: 'COMPLETED', inserted_at: '2026-11-22T02:00:00Z' }] }, organization: { plan: 'pro' } },
  supabase_org_members_mfa: { members: [{ user_name: 'ines', role_name: 'Owner', mfa_enabled: true }] },
  supabase_postgres_current: { upgrade_eligibility: { eligible: false, current_app_version: '17.6.1', latest_app_version: '17.6.1' }, advisors: noLints },
  supabase_storage_public_buckets: { storage_buckets: [{ name: 'invoices', public: false }] },
}
