import { describe, expect, it } from 'vitest'
import { netlify } from '#server/connectors/netlify'
import type { Bodies } from '../evaluate'
import { evaluate } from './evaluate'
import { account, certificate, hook, member, passing, publicRepo } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const domain = 'www.acme.example'
const settings = (body: object) => ({ site: body })
const built = (changes: object = {}, beside: object = {}) => settings({ build_settings: { ...publicRepo, ...changes }, ...beside })
const cert = (changes: object | null, custom_domain: unknown = domain) => ({ site: { custom_domain }, certificate: changes && { ...certificate, ...changes } })
const hooked = (changes: object) => ({ hooks: [{ ...hook, ...changes }] })
const people = (...changes: object[]) => ({ members: changes.map(change => ({ ...member, ...change })) })
const policy = (changes: object) => ({ accounts: [{ ...account, ...changes }] })
const variables = (...list: [string, unknown][]) => ({ variables: list.map(([key, is_secret]) => ({ key, is_secret })) })

/** Checks that need a repository say the same of a site without one. */
const unbuilt: Row[] = [
  ['there is no repository', settings({ build_settings: {} }), 'not_applicable', /not built from a repository/],
  ['there are no build settings', settings({ build_settings: null }), 'not_applicable', /not built from a repository/],
  ['the build settings are missing', settings({}), 'error', /did not say how/],
  ['the build settings are a word', settings({ build_settings: 'yes' }), 'error', /did not say how/],
  ['the answer is a list', { site: [] }, 'rejected', /site/],
]

const tables: Record<string, Row[]> = {
  netlify_force_ssl: [
    ['the redirect is off', settings({ custom_domain: domain, force_ssl: false }), 'fail', /clear text/],
    ['there is no domain', settings({ custom_domain: null, force_ssl: false }), 'not_applicable', /always uses HTTPS/],
    ['the domain is empty', settings({ custom_domain: '', force_ssl: false }), 'not_applicable', /no domain/],
    ['the domain is not stated', settings({ force_ssl: true }), 'error', /custom_domain/],
    ['the redirect is a word', settings({ custom_domain: domain, force_ssl: 'yes' }), 'error', /force_ssl/],
    ['the answer is empty', settings({}), 'error', /did not say/],
    ['malformed', { site: 'x' }, 'rejected', /site/],
  ],
  netlify_certificate_valid: [
    ['exactly two weeks are left', cert({ expires_at: '2026-12-06T12:00:00Z' }), 'pass', /two weeks and more/],
    ['a second less is left', cert({ expires_at: '2026-12-06T11:59:59Z' }), 'fail', /within two weeks/],
    ['it has ended', cert({ expires_at: '2026-11-01T00:00:00Z' }), 'fail', /has ended/],
    ['it could not be renewed', cert({ renewal_error_message: 'free text' }), 'fail', /renewal failed/],
    ['whether it could be renewed is no text', cert({ renewal_error_message: { code: 7 } }), 'error', /renewal_error_message/],
    ['the renewal error is empty', cert({ renewal_error_message: ' ' }), 'pass', /in place/],
    ['it is for another domain', cert({ domains: ['acme.example'] }), 'fail', /not for this domain/],
    ['it is a wildcard', cert({ domains: ['*.ACME.example'] }), 'pass', /in place/],
    ['the wildcard is too high up', cert({ domains: ['*.example'] }), 'fail', /not for this domain/],
    ['it is the owner\'s own', cert({ state: 'custom' }), 'pass', /in place/],
    ['it is on its way', cert({ state: 'provisioning' }), 'error', /state/],
    ['the state is new', cert({ state: 'sunny' }), 'error', /state/],
    ['the date is a word', cert({ expires_at: 'soon' }), 'error', /expires_at/],
    ['there is none: 404', { site: { custom_domain: domain }, certificate: null }, 'fail', /no certificate/],
    ['there is no domain', cert({}, null), 'not_applicable', /no domain/],
    ['the domain is not stated', cert({}, 7), 'error', /domain/],
    ['the answer is empty', { site: { custom_domain: domain }, certificate: {} }, 'error', /did not say/],
    ['malformed', { site: { custom_domain: domain }, certificate: [] }, 'rejected', /certificate/],
  ],
  netlify_previews_protected: [
    ['only previews ask for a login', settings({ sso_login: true, sso_login_context: 'non_production', has_password: false }), 'pass', /sign in/],
    ['a password protects all', settings({ sso_login: false, has_password: true, password_context: 'all' }), 'pass', /password/],
    ['the team asks for a login', settings({ sso_login: false, has_password: false, account_sso_login: true, account_sso_login_context: 'all' }), 'pass', /sign in/],
    ['nothing protects them', settings({ sso_login: false, sso_login_context: 'all', has_password: false }), 'fail', /Neither/],
    ['what a login covers is not known', settings({ sso_login: true, sso_login_context: 'production', has_password: false }), 'error', /includes previews/],
    ['the context is missing', settings({ sso_login: true, has_password: false }), 'error', /includes previews/],
    ['it is not stated whether there is a password', settings({ sso_login: false }), 'error', /has_password/],
    ['the login is a word', settings({ sso_login: 'no', has_password: false }), 'error', /sso_login/],
    ['the answer is empty', settings({}), 'error', /did not say/],
    ['malformed', { site: 1 }, 'rejected', /site/],
  ],
  netlify_untrusted_builds: [
    ['secrets are left out', built({ untrusted_flow: 'redact' }), 'pass', /without sensitive/],
    ['there is no restriction', built({ untrusted_flow: 'unrestricted' }), 'fail', /without approval/],
    ['the word is not known', built({ untrusted_flow: 'require_approval' }), 'error', /"require_approval", which is not known/],
    ['the policy is a name that objects have', built({ untrusted_flow: 'constructor' }), 'error', /"constructor", which is not known/],
    ['the repository is private', built({ public_repo: false, untrusted_flow: 'x' }), 'not_applicable', /private/],
    ['it is not stated whether it is public', built({ public_repo: null }), 'error', /public/],
    ['the policy is not stated', built({ untrusted_flow: null }), 'error', /strangers/],
    ['the policy is empty', built({ untrusted_flow: '' }), 'error', /strangers/],
    ['the word is long', built({ untrusted_flow: 'x'.repeat(500) }), 'error', /"x{40}"/],
    ...unbuilt,
  ],
  netlify_production_from_git: [
    ['uploads are allowed', built({}, { prevent_non_git_prod_deploys: false }), 'fail', /upload/],
    ['it is not stated', built(), 'error', /prevent_non_git/],
    ['it is a word', built({}, { prevent_non_git_prod_deploys: 'true' }), 'error', /prevent_non_git/],
    ...unbuilt,
  ],
  netlify_build_logs_private: [
    ['they are public', built({ private_logs: false }), 'fail', /everybody can read/i],
    ['the repository is private', built({ public_repo: false, private_logs: false }), 'not_applicable', /private/],
    ['it is not stated whether it is public', built({ public_repo: undefined }), 'error', /public_repo/],
    ['it is not stated whether the logs are', built({ private_logs: null }), 'error', /private_logs/],
    ...unbuilt,
  ],
  netlify_env_secrets_marked: [
    ['one is not marked', variables(['STRIPE_SECRET_KEY', false], ['API_TOKEN', true]), 'fail', /1 variable has/],
    ['two are not marked', variables(['DATABASE_URL', false], ['dbPassword', false]), 'fail', /2 variables have/],
    ['one is not marked and one is unread', variables(['API_TOKEN', false], ['NPM_TOKEN', null]), 'fail', /1 variable/],
    ['it is not stated', variables(['API_TOKEN', undefined]), 'error', /1 variable/],
    ['none looks like a secret', variables(['LOG_LEVEL', false], ['NEXT_PUBLIC_API_KEY', false]), 'not_applicable', /No variable/],
    ['there is none', variables(), 'not_applicable', /no environment/],
    ['malformed', { variables: { code: 500 } }, 'rejected', /variables/],
    ['without a name', { variables: [{ is_secret: true }] }, 'rejected', /variables/],
  ],
  netlify_hooks_secure: [
    ['one is not encrypted', hooked({ data: { url: 'http://hooks.acme.example/x', signature_secret: 'never' } }), 'fail', /1 webhook goes out in clear/],
    ['one is not signed', hooked({ data: { url: 'https://hooks.acme.example/x', signature_secret: null } }), 'fail', /no signature/],
    ['the secret is empty', hooked({ data: { url: 'https://hooks.acme.example/x', signature_secret: '' } }), 'fail', /no signature/],
    ['both', hooked({ data: { url: 'http://hooks.acme.example/x', signature_secret: null } }), 'fail', /clear text; 1 webhook carries no/],
    ['the secret is not shown', hooked({ data: { url: 'https://hooks.acme.example/x' } }), 'error', /1 notification/],
    ['the address is none', hooked({ data: { url: 'hooks', signature_secret: 'never' } }), 'error', /1 notification/],
    ['there is no data', hooked({ data: null }), 'error', /1 notification/],
    ['the kind is not stated', hooked({ type: null }), 'error', /1 notification/],
    ['it is switched off', hooked({ disabled: true, data: { url: 'http://x.example' } }), 'not_applicable', /no outgoing/],
    ['there are other kinds only', hooked({ type: 'email' }), 'not_applicable', /no outgoing/],
    ['there is none', { hooks: [] }, 'not_applicable', /no outgoing/],
    ['malformed', { hooks: null }, 'rejected', /hooks/],
  ],
  netlify_members_mfa: [
    ['one has none', people({}, { full_name: 'Mei', mfa_enabled: false }), 'fail', /1 member uses/],
    ['two have none', people({ mfa_enabled: false }, { mfa_enabled: false }), 'fail', /2 members use/],
    ['the one without is only invited', people({}, { mfa_enabled: false, pending: true }), 'pass', /second factor/],
    ['the one without has no login', people({}, { mfa_enabled: false, role: 'Git Contributor' }), 'pass', /second factor/],
    ['the one without is the directory\'s', people({}, { mfa_enabled: false, managed_by_directory_sync: true }), 'pass', /second factor/],
    ['all are the directory\'s', people({ managed_by_directory_sync: true, mfa_enabled: false }), 'not_applicable', /elsewhere/],
    ['it is not stated', people({}, { mfa_enabled: undefined }), 'error', /1 member/],
    ['nobody is named', people(), 'error', /no member/],
    ['malformed', { members: {} }, 'rejected', /members/],
  ],
  netlify_mfa_enforced: [
    ['it is not', policy({ enforce_mfa: 'not_enforced' }), 'fail', /does not enforce/],
    ['it is encouraged', policy({ enforce_mfa: 'encouraged' }), 'fail', /does not enforce/],
    ['single sign-on is enforced instead', policy({ enforce_mfa: 'not_enforced', enforce_saml: 'enforced' }), 'not_applicable', /identity provider/],
    ['the word for single sign-on is new', policy({ enforce_mfa: 'not_enforced', enforce_saml: 'strict' }), 'error', /not known/],
    ['the policy is new', policy({ enforce_mfa: 'sometimes' }), 'error', /not known/],
    ['it is not stated', policy({ enforce_mfa: undefined }), 'error', /did not say/],
    ['it is true', policy({ enforce_mfa: true }), 'error', /did not say/],
    ['the team is gone', policy({ id: 'other' }), 'error', /no longer lists/],
    ['there is no team', { accounts: [] }, 'error', /no longer lists/],
    ['malformed', { accounts: {} }, 'rejected', /accounts/],
  ],
  netlify_stale_members: [
    ['exactly 90 days', people({ last_activity_date: '2026-08-24T12:00:00Z' }), 'pass', /within 90/],
    ['a second more', people({ last_activity_date: '2026-08-24T11:59:59Z' }), 'fail', /1 member was not active/],
    ['an invitation of a year', people({}, { pending: true, created_at: '2025-11-22T00:00:00Z', last_activity_date: null }), 'fail', /1 invitation is/],
    ['an invitation of a day', people({}, { pending: true, created_at: '2026-11-21T00:00:00Z', last_activity_date: null }), 'pass', /within 90/],
    ['both', people({ last_activity_date: '2026-01-01' }, { pending: true, created_at: '2026-01-01' }), 'fail', /not active for 90 days; 1 invitation/],
    ['the one who is away has no login', people({}, { role: 'Git Contributor', last_activity_date: '2024-01-01' }), 'pass', /within 90/],
    ['the day is not stated', people({ last_activity_date: null }), 'error', /1 member/],
    ['the day is a word', people({ last_activity_date: 'long ago' }), 'error', /1 member/],
    ['it is not stated who is invited', people({ pending: undefined }), 'error', /1 member/],
    ['nobody is named', people(), 'error', /no member/],
    ['malformed', { members: 'x' }, 'rejected', /members/],
  ],
  netlify_audit_trail: [
    ['it is empty', { audit_log: [] }, 'error', /empty/],
    ['its entries have no time', { audit_log: [{ payload: {} }, {}] }, 'error', /no time/],
    ['the newest entry is from the future', { audit_log: [{ payload: { timestamp: '2027-01-01T00:00:00Z' } }] }, 'error', /no time/],
    ['malformed', { audit_log: { entries: [] } }, 'rejected', /audit_log/],
  ],
}

it('has a table for every check', () => {
  expect(Object.keys(tables).sort()).toEqual(netlify.checks.map(check => check.id).sort())
  expect(Object.keys(passing).sort()).toEqual(netlify.checks.map(check => check.id).sort())
})

describe.each(Object.entries(tables))('%s', (id, rows) => {
  it('passes when all is well', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it.each(rows)('%s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
    expect(JSON.stringify(outcome)).not.toMatch(/free text|never/)
  })
})

describe('previews', () => {
  const open = settings({ sso_login: false, has_password: false })

  it('are protected by the password that the team sets for all of its sites', () => {
    expect(evaluate('netlify_previews_protected', open, { team_password: true, team_password_context: 'all' })).toMatchObject({ verdict: 'pass' })
    expect(evaluate('netlify_previews_protected', open, { team_password: true, team_password_context: null })).toMatchObject({ verdict: 'error' })
    expect(evaluate('netlify_previews_protected', open, { team_password: null })).toMatchObject({ verdict: 'fail' })
  })
})

describe('evidence', () => {
  it('names variables, never their values', () => {
    const bodies = { variables: [{ key: 'API_TOKEN', is_secret: false, values: [{ value: 'hunter2', context: 'all' }] }] }
    expect(evaluate('netlify_env_secrets_marked', bodies).evidence).toEqual({ secret_like: 1, not_marked: { total: 1, shown: ['API_TOKEN'] } })
  })

  it('names a webhook by event and host: its path may be its password', () => {
    const { evidence } = evaluate('netlify_hooks_secure', hooked({ data: { url: 'http://user:pw@hooks.acme.example/services/T0/B0/xyz?k=1', signature_secret: null } }))
    expect(evidence).toEqual({ outgoing: 1, clear_text: { total: 1, shown: ['deploy_created to hooks.acme.example'] }, unsigned: { total: 1, shown: ['deploy_created to hooks.acme.example'] } })
  })

  it('names people by name and role, and is cut to a length that can be stored', () => {
    const { evidence } = evaluate('netlify_members_mfa', people(...Array.from({ length: 400 }, (_, index) => ({ full_name: `M${index}`, mfa_enabled: false }))))
    expect(evidence).toMatchObject({ members: 400, without: { total: 400 } })
    expect(JSON.stringify(evidence)).toContain('M0 (Owner)')
    expect(JSON.stringify(evidence).length).toBeLessThan(5000)
  })
})
