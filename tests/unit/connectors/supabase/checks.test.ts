import { describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import { type Bodies, evaluate } from './evaluate'
import { authConfig, passing } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const lint = (name: string, object?: string, level = 'ERROR') => ({ name, level, detail: 'secret detail', ...(object && { metadata: { schema: 'public', name: object, type: 'table' } }) })
const lints = (...names: string[]) => ({ lints: names.map(name => lint(name, 'things')) })
const auth = (changes: object) => ({ auth_config: { ...authConfig, ...changes } })
const dataApi = (db_schema: unknown, max_rows: unknown = 1000) => ({ db_schema, max_rows })
const open = dataApi('public, graphql_public')
const offers = (hasAccess: unknown, key = 'auth.password_hibp') => ({ entitlements: { entitlements: [{ feature: { key, type: 'boolean' }, hasAccess }] } })
const network = (config: unknown, status: unknown = 'applied', entitlement = 'allowed') => ({ network_restrictions: { entitlement, config, status } })
const backups = (list: unknown, pitr_enabled: unknown = false, plan = 'pro') => ({ backups: { pitr_enabled, backups: list }, organization: { plan } })
const keys = (enabled: unknown, algorithm?: string) => ({ legacy_keys: { enabled }, signing_keys: { keys: algorithm ? [{ algorithm, status: 'in_use' }] : [] } })
const versions = (current: unknown, latest: unknown, advisors: unknown = { lints: [] }) => ({ upgrade_eligibility: { eligible: true, current_app_version: current, latest_app_version: latest }, advisors })

const advisorGone: Row[] = [
  ['the advisor endpoint is gone', { advisors: null, postgrest: open }, 'error', /no longer offers/],
  ['the advisor could not look', { advisors: lints('advisor_check_unavailable'), postgrest: open }, 'error', /advisor_check_unavailable/],
  ['the database was not reachable', { advisors: lints('db_not_reachable'), postgrest: open }, 'error', /db_not_reachable/],
  ['the answer is empty', { advisors: {}, postgrest: open }, 'error', /no list/],
  ['the lints are malformed', { advisors: { lints: [{ level: 'ERROR' }] }, postgrest: open }, 'error', /no list/],
  ['the answer is no object', { advisors: 'oops', postgrest: open }, 'rejected', /advisors/],
]

const tables: Record<string, Row[]> = {
  supabase_rls_enabled: [
    ['a table has no RLS', { advisors: { lints: [lint('rls_disabled_in_public', 'notes')] }, postgrest: open }, 'fail', /1 exposed table\./],
    ['policies exist but RLS is off', { advisors: lints('policy_exists_rls_disabled'), postgrest: open }, 'fail', /1 exposed/],
    ['it fails although the advisor is half blind', { advisors: lints('rls_disabled_in_public', 'advisor_check_unavailable'), postgrest: open }, 'fail', /1 exposed/],
    ['the Data API is off', { advisors: { lints: [] }, postgrest: dataApi('') }, 'not_applicable', /off/],
    ['it is not stated what the Data API exposes', { advisors: { lints: [] }, postgrest: {} }, 'error', /which schemas/],
    ...advisorGone,
  ],
  supabase_rls_policies_effective: [
    ['a policy is always true', { advisors: lints('rls_policy_always_true'), postgrest: open }, 'fail', /1 policy does not/],
    ['policies trust user metadata', { advisors: lints('rls_references_user_metadata', 'rls_references_user_metadata'), postgrest: open }, 'fail', /2 policies do not/],
    ['RLS without a policy is only told', { advisors: lints('rls_enabled_no_policy'), postgrest: open }, 'pass', /no policy/],
    ['the Data API is off', { advisors: { lints: [] }, postgrest: dataApi('') }, 'not_applicable', /off/],
    ['it is not stated what the Data API exposes', { advisors: { lints: [] }, postgrest: {} }, 'error', /which schemas/],
    ...advisorGone,
  ],
  supabase_sensitive_data_not_exposed: [
    ...['auth_users_exposed', 'sensitive_columns_exposed', 'leaked_service_key', 'insecure_queue_exposed_in_api']
      .map((name): Row => [`the advisor says ${name}`, { advisors: lints(name) }, 'fail', /1 exposure/]),
    ...advisorGone,
  ],
  supabase_auth_password_policy: [
    ['passwords may be short', auth({ password_min_length: 11 }), 'fail', /shorter than 12/],
    ['no characters are required', auth({ password_required_characters: '' }), 'fail', /no kinds of characters/i],
    ['null characters mean none', auth({ password_required_characters: null }), 'fail', /no kinds of characters/i],
    ['leaks are another check\'s matter', auth({ password_hibp_enabled: false }), 'pass', /long enough and mixed\.$/],
    ['email sign-in is off', auth({ external_email_enabled: false }), 'not_applicable', /off/],
    ['the length is a word', auth({ password_min_length: 'long' }), 'error', /password_min_length/],
    ['the answer is empty', { auth_config: {} }, 'error', /did not say/],
    ['the answer is a list', { auth_config: [] }, 'rejected', /auth_config/],
  ],
  supabase_auth_leaked_passwords: [
    ['they are not, and could be', { ...auth({ password_hibp_enabled: false }), ...offers(true) }, 'fail', /not checked/],
    ['they are not, and the plan does not have it', { ...auth({ password_hibp_enabled: false }), ...offers(false) }, 'not_applicable', /plan does not offer/],
    ['the plan has it under its other name', { ...auth({ password_hibp_enabled: false }), ...offers(true, 'auth.leaked_password_protection') }, 'fail', /not checked/],
    ['the plan says two things', { ...auth({ password_hibp_enabled: false }), entitlements: { entitlements: [...offers(false).entitlements.entitlements, ...offers(true, 'auth.leaked_password_protection').entitlements.entitlements] } }, 'fail', /not checked/],
    ['the plan says nothing of it', { ...auth({ password_hibp_enabled: false }), ...offers(true, 'auth.hooks') }, 'error', /did not say whether this organization/],
    ['whether the plan has it is a word', { ...auth({ password_hibp_enabled: false }), ...offers('no') }, 'error', /did not say whether this organization/],
    ['what the plan has cannot be read', { ...auth({ password_hibp_enabled: false }), entitlements: {} }, 'error', /did not say whether this organization/],
    ['they are, whatever the plan says', { ...auth({ password_hibp_enabled: true }), ...offers(false) }, 'pass', /are checked/],
    ['it is not said', { ...auth({ password_hibp_enabled: undefined }), ...offers(true) }, 'error', /did not say/],
    ['email sign-in is off', { ...auth({ external_email_enabled: false }), ...offers(true) }, 'not_applicable', /off/],
    ['the answer is empty', { auth_config: {}, entitlements: {} }, 'error', /did not say/],
    ['the answer is a list', { auth_config: [], entitlements: {} }, 'rejected', /auth_config/],
  ],
  supabase_auth_mfa_available: [
    ['only WebAuthn is on', auth({ mfa_totp_enroll_enabled: false, mfa_web_authn_enroll_enabled: true, mfa_web_authn_verify_enabled: true }), 'pass', /security key/],
    ['TOTP can be verified but not enrolled', auth({ mfa_totp_enroll_enabled: false }), 'fail', /Neither/],
    ['only text messages', auth({ mfa_totp_enroll_enabled: false, mfa_phone_enroll_enabled: true, mfa_phone_verify_enabled: true }), 'fail', /Neither/],
    ['one half of TOTP is unknown', auth({ mfa_totp_verify_enabled: null }), 'error', /did not say/],
    ['the answer is empty', { auth_config: {} }, 'error', /did not say/],
    ['malformed', { auth_config: null }, 'rejected', /auth_config/],
  ],
  supabase_auth_signup_hardened: [
    ['addresses are not confirmed', auth({ mailer_autoconfirm: true }), 'fail', /not confirmed/],
    ['unconfirmed addresses do not matter while sign-up is off', auth({ disable_signup: true, mailer_autoconfirm: true }), 'pass', /confirmed/],
    ['unverified addresses sign in', auth({ mailer_allow_unverified_email_sign_ins: true }), 'fail', /unverified/i],
    ['links live a day', auth({ mailer_otp_exp: 86_400 }), 'fail', /mailed links/i],
    ['tokens live a day', auth({ jwt_exp: 86_400 }), 'fail', /access tokens/i],
    ['no rotation', auth({ refresh_token_rotation_enabled: false }), 'fail', /rotated/],
    ['a wildcard subdomain', auth({ uri_allow_list: 'https://*.vercel.app/**' }), 'fail', /wildcard/],
    ['a wildcard that runs past the host', auth({ uri_allow_list: 'https://example.com**' }), 'fail', /wildcard/],
    ['anything goes', auth({ uri_allow_list: '**' }), 'fail', /wildcard/],
    ['an empty list is stored as null', auth({ uri_allow_list: null }), 'pass', /redirects/],
    ['one field is missing', auth({ mailer_otp_exp: undefined }), 'error', /mailer_otp_exp/],
    ['sign-up is not stated', auth({ disable_signup: null }), 'error', /disable_signup/],
    ['the answer is empty', { auth_config: {} }, 'error', /did not say/],
    ['malformed', { auth_config: 'x' }, 'rejected', /auth_config/],
  ],
  supabase_api_surface_minimal: [
    ['another schema is exposed', { advisors: { lints: [] }, postgrest: dataApi('public, storage') }, 'fail', /storage/],
    ['a dedicated api schema is fine', { advisors: { lints: [] }, postgrest: dataApi('api') }, 'pass', /expected/],
    ['answers are unlimited', { advisors: { lints: [] }, postgrest: dataApi('public', 100_000) }, 'fail', /1000 rows/],
    ...['security_definer_view', 'materialized_view_in_api', 'foreign_table_in_api', 'function_search_path_mutable']
      .map((name): Row => [`the advisor says ${name}`, { advisors: lints(name), postgrest: open }, 'fail', /1 risky object/]),
    ['the Data API is off', { advisors: { lints: [] }, postgrest: dataApi('', null) }, 'pass', /off/],
    ['the schemas are not stated', { advisors: { lints: [] }, postgrest: dataApi(null) }, 'error', /db_schema/],
    ...advisorGone,
  ],
  supabase_api_keys_modern: [
    ['legacy keys are on', keys(true, 'ES256'), 'fail', /legacy/i],
    ['a shared secret signs', keys(false, 'HS256'), 'fail', /shared secret/],
    ['both are missing on an old project', { legacy_keys: null, signing_keys: null }, 'not_applicable', /too old/],
    ['one is missing and the other is good', { legacy_keys: null, signing_keys: { keys: [{ algorithm: 'ES256', status: 'in_use' }] } }, 'error', /legacy/],
    ['one is missing and the other is bad', { legacy_keys: { enabled: true }, signing_keys: null }, 'fail', /legacy/i],
    ['no key is in use', { legacy_keys: { enabled: false }, signing_keys: { keys: [{ algorithm: 'ES256', status: 'standby' }] } }, 'error', /signing-keys/],
    ['an unknown algorithm', keys(false, 'QS1'), 'error', /signing-keys/],
    ['the answers are empty', { legacy_keys: {}, signing_keys: {} }, 'error', /did not say/],
    ['malformed', { legacy_keys: [], signing_keys: {} }, 'rejected', /legacy_keys/],
  ],
  supabase_functions_verify_jwt: [
    ['a function is open', { functions: [{ slug: 'hook', status: 'ACTIVE', verify_jwt: false }] }, 'fail', /1 edge function does not/],
    ['none is deployed', { functions: [] }, 'not_applicable', /No edge function/],
    ['only removed ones', { functions: [{ slug: 'old', status: 'REMOVED', verify_jwt: false }] }, 'not_applicable', /No edge function/],
    ['an unknown status counts', { functions: [{ slug: 'new', status: 'WARMING', verify_jwt: false }] }, 'fail', /1 edge/],
    ['it is not stated', { functions: [{ slug: 'a', status: 'ACTIVE' }, { slug: 'b', status: 'ACTIVE', verify_jwt: true }] }, 'error', /1 edge function/],
    ['malformed', { functions: { message: 'x' } }, 'rejected', /functions/],
    ['without a name', { functions: [{ verify_jwt: true }] }, 'rejected', /functions/],
  ],
  supabase_ssl_enforced: [
    ['it is off', { ssl_enforcement: { currentConfig: { database: false }, appliedSuccessfully: true } }, 'fail', /clear text/],
    ['it was not applied', { ssl_enforcement: { currentConfig: { database: true }, appliedSuccessfully: false } }, 'error', /not applied/],
    ['the answer is empty', { ssl_enforcement: {} }, 'error', /did not say/],
    ['it says yes in words', { ssl_enforcement: { currentConfig: { database: 'yes' }, appliedSuccessfully: true } }, 'error', /did not say/],
    ['malformed', { ssl_enforcement: [] }, 'rejected', /ssl/],
  ],
  supabase_network_restricted: [
    ['all of IPv4', network({ dbAllowedCidrs: ['203.0.113.0/24', '0.0.0.0/0'] }), 'fail', /Any address/],
    ['all of IPv6', network({ dbAllowedCidrs: ['203.0.113.0/24'], dbAllowedCidrsV6: ['::/0'] }), 'fail', /Any address/],
    ['both halves of the internet', network({ dbAllowedCidrs: ['0.0.0.0/1', '128.0.0.0/1'] }), 'fail', /Any address/],
    ['nothing is set', network({}), 'fail', /No restriction/],
    ['it is stored only', network({ dbAllowedCidrs: ['203.0.113.0/24'] }, 'stored'), 'fail', /not in force/],
    ['the plan has none', network({ dbAllowedCidrs: ['0.0.0.0/0'] }, 'applied', 'disallowed'), 'not_applicable', /plan/],
    ['an unknown status', network({ dbAllowedCidrs: ['203.0.113.0/24'] }, 'soon'), 'error', /not known/],
    ['IPv4 is not listed', network({ dbAllowedCidrsV6: ['2001:db8::/48'] }), 'error', /IPv4/],
    ['only IPv4 is listed', network({ dbAllowedCidrs: ['203.0.113.0/24'] }), 'pass', /listed networks/],
    ['an odd IPv6 list', network({ dbAllowedCidrs: ['203.0.113.0/24'], dbAllowedCidrsV6: '::/0' }), 'error', /did not say/],
    ['an unreadable network', network({ dbAllowedCidrs: ['anywhere'] }), 'error', /could not be read/],
    ['the answer is empty', { network_restrictions: {} }, 'error', /did not say/],
    ['malformed', { network_restrictions: 1 }, 'rejected', /network/],
  ],
  supabase_backups_recent: [
    ['PITR is on', backups([], true), 'pass', /Point-in-time/],
    ['exactly 26 hours', backups([{ status: 'COMPLETED', inserted_at: '2026-11-21T10:00:00Z' }]), 'pass', /26 hours/],
    ['a second over', backups([{ status: 'COMPLETED', inserted_at: '2026-11-21T09:59:59Z' }]), 'fail', /26 hours old/],
    ['only the failed one is young', backups([{ status: 'FAILED', inserted_at: '2026-11-22T09:00:00Z' }, { status: 'COMPLETED', inserted_at: '2026-11-19T12:00:00Z' }]), 'fail', /72 hours/],
    ['the young one ended in a new word', backups([{ status: 'VERIFIED', inserted_at: '2026-11-22T09:00:00Z' }, { status: 'COMPLETED', inserted_at: '2026-11-19T12:00:00Z' }]), 'error', /words that are known/],
    ['nothing is said of how it ended', backups([{ inserted_at: '2026-11-22T09:00:00Z' }]), 'error', /words that are known/],
    ['none on the free plan', backups([], false, 'free'), 'fail', /free plan/],
    ['none', backups([]), 'fail', /no completed/],
    ['only the unreadable', backups([{ status: 'COMPLETED', inserted_at: 'yesterday' }]), 'error', /could not be read/],
    ['from the future', backups([{ status: 'COMPLETED', inserted_at: '2027-01-01T00:00:00Z' }]), 'error', /could not be read/],
    ['PITR is not stated and nothing is young', backups([], null), 'error', /point-in-time/],
    ['the answer is empty', { backups: {}, organization: {} }, 'error', /no list/],
    ['malformed', { backups: [], organization: {} }, 'rejected', /backups/],
  ],
  supabase_org_members_mfa: [
    ['one has none', { members: [{ user_name: 'a', role_name: 'Owner', mfa_enabled: true }, { user_name: 'b', role_name: null, mfa_enabled: false }] }, 'fail', /1 member uses/],
    ['one is not stated', { members: [{ user_name: 'a', mfa_enabled: true }, { user_name: 'b' }] }, 'error', /1 member/],
    ['nobody is named', { members: [] }, 'error', /no member/],
    ['malformed', { members: {} }, 'rejected', /members/],
  ],
  supabase_postgres_current: [
    ['a newer one is offered', versions('15.8', '17.6'), 'fail', /newer version/],
    ['the advisor knows holes', versions('17.6', '17.6', lints('vulnerable_postgres_version')), 'fail', /security holes/],
    ['the advisor is gone', versions('17.6', '17.6', null), 'error', /no longer offers/],
    ['the versions are empty', versions('', ''), 'error', /latest_app_version/],
    ['the versions are missing', versions(undefined, undefined), 'error', /latest_app_version/],
    ['malformed', { upgrade_eligibility: [], advisors: { lints: [] } }, 'rejected', /upgrade/],
  ],
  supabase_storage_public_buckets: [
    ['one is public', { storage_buckets: [{ name: 'uploads', public: true }, { name: 'b', public: false }] }, 'fail', /1 storage bucket is/],
    ['there is none', { storage_buckets: [] }, 'not_applicable', /no storage bucket/],
    ['it is not stated', { storage_buckets: [{ name: 'uploads' }] }, 'error', /1 bucket/],
    ['malformed', { storage_buckets: null }, 'rejected', /storage/],
  ],
}

it('has a table for every check', () => {
  expect(Object.keys(tables).sort()).toEqual(supabase.checks.map(check => check.id).sort())
  expect(Object.keys(passing).sort()).toEqual(supabase.checks.map(check => check.id).sort())
})

describe.each(Object.entries(tables))('%s', (id, rows) => {
  it('passes when all is well', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it.each(rows)('%s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
    expect(JSON.stringify(outcome)).not.toContain('secret detail')
  })
})

describe('evidence', () => {
  it('names the table, not the lint\'s free text', () => {
    const { evidence } = evaluate('supabase_rls_enabled', { advisors: { lints: [lint('rls_disabled_in_public', 'notes')] }, postgrest: open })
    expect(evidence).toEqual({ lints: { total: 1, shown: ['rls_disabled_in_public: public.notes'] } })
  })

  it('keeps lints that nobody knows yet as information', () => {
    const { verdict, evidence } = evaluate('supabase_rls_enabled', { advisors: { lints: [lint('brand_new_danger', 'x'), lint('brand_new_danger', 'y')] }, postgrest: open })
    expect(verdict).toBe('pass')
    expect(evidence).toEqual({ unrecognized_lints: { total: 1, shown: ['brand_new_danger (ERROR)'] } })
  })

  it('tells RLS without a policy as a note', () => {
    const { evidence } = evaluate('supabase_rls_policies_effective', { advisors: lints('rls_enabled_no_policy'), postgrest: open })
    expect(evidence).toEqual({ notes: { total: 1, shown: ['rls_enabled_no_policy: public.things'] } })
  })

  it('is cut to a length that can be stored, with the true number beside it', () => {
    const many = { lints: Array.from({ length: 400 }, (_, index) => lint('rls_disabled_in_public', `t${index}`)) }
    const { evidence } = evaluate('supabase_rls_enabled', { advisors: many, postgrest: open })
    expect(evidence).toMatchObject({ lints: { total: 400 } })
    expect(JSON.stringify(evidence).length).toBeLessThan(5000)
  })

  it('names development redirects without failing them', () => {
    expect(evaluate('supabase_auth_signup_hardened', passing.supabase_auth_signup_hardened ?? {}).evidence)
      .toMatchObject({ local_redirects: { total: 1, shown: ['http://localhost:*/**'] }, wildcard_redirects: { total: 0 } })
  })
})
