/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import type { Bodies } from '../evaluate'

export const publicRepo = { repo_url: 'https://github.com/acme/www', public_repo: true, private_logs: true, untrusted_flow: 'review' }
export const certificate = { state: 'issued', domains: ['www.acme.example'], expires_at: '2027-01-22T12:00:00Z', renewal_error_message: null }
export const hook = { type: 'url', event: 'deploy_created', disabled: false, data: { url: 'https://hooks.acme.example/x', signature_secret: 'never' } }
export const member = { full_name: 'Ines', role: 'Owner', mfa_enabled: true, pending: false, managed_by_directory_sync: false, last_activity_date: '2026-11-20', created_at: '2025-01-01T00:00:00Z' }
export const account = { id: 'team1', slug: 'acme', name: 'Acme', type_name: 'Pro', enforce_mfa: 'enforced', enforce_saml: 'not_enforced' }

export const passing: Readonly<Record<string, Bodies>> = {
  netlify_force_ssl: { site: { custom_domain: 'www.acme.example', force_ssl: true } },
  netlify_certificate_valid: { site: { custom_domain: 'www.acme.example' }, certificate },
  netlify_previews_protected: { site: { sso_login: true, sso_login_context: 'all', has_password: false, password_context: null } },
  netlify_untrusted_builds: { site: { build_settings: publicRepo } },
  netlify_production_from_git: { site: { prevent_non_git_prod_deploys: true, build_settings: { repo_url: 'https://github.com/acme/www' } } },
  netlify_build_logs_private: { site: { build_settings: publicRepo } },
  netlify_env_secrets_marked: { variables: [{ key: 'SITE_TITLE', is_secret: false }, { key: 'API_TOKEN', is_secret: true }] },
  netlify_hooks_secure: { hooks: [{ type: 'slack', event: 'deploy_failed', data: {} }, hook] },
  netlify_members_mfa: { members: [member] },
  netlify_mfa_enforced: { accounts: [account] },
  netlify_stale_members: { members: [member] },
  netlify_audit_trail: { audit_log: [{ payload: { timestamp: '2026-11-22T08:00:00Z' } }] },
}
