import { supabase } from '#server/connectors/supabase'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** Fields that inform and do not decide: their absence changes the evidence only. */
const informing: Record<string, string[]> = {
  supabase_rls_enabled: ['max_rows'],
  supabase_rls_policies_effective: ['max_rows'],
  supabase_backups_recent: ['plan', 'pitr_enabled'],
  supabase_network_restricted: ['entitlement', 'dbAllowedCidrsV6'],
  supabase_postgres_current: ['eligible'],
  supabase_functions_verify_jwt: ['name', 'status'],
  supabase_org_members_mfa: ['user_name', 'role_name'],
  supabase_auth_mfa_available: [
    'mfa_web_authn_enroll_enabled', 'mfa_web_authn_verify_enabled', 'mfa_phone_enroll_enabled', 'mfa_phone_verify_enabled',
  ],
  supabase_auth_signup_hardened: ['external_anonymous_users_enabled'],
}
const authFields: Record<string, RegExp> = {
  supabase_auth_password_policy: /^(password_(?!hibp)|external_email)/,
  // What is on is on, whatever the plan says.
  supabase_auth_leaked_passwords: /^(password_hibp|external_email)/,
  supabase_auth_mfa_available: /^mfa_/,
  supabase_auth_signup_hardened: /^(disable_signup|jwt_exp|mailer_|refresh_|uri_|external_anon)/,
}

neverAPass({ connector: supabase, evaluate, passing, decides })

function decides(id: string, field: string): boolean {
  const own = authFields[id]
  return field !== 'jwt_secret' && !(informing[id] ?? []).includes(field) && (!own || own.test(field))
}
