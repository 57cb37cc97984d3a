/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import type { Bodies } from './evaluate'

export const organization = {
  two_factor_requirement_enabled: true,
  default_repository_permission: 'read',
  members_can_create_public_repositories: false,
  members_can_change_repo_visibility: false,
  members_can_delete_repositories: false,
}

export const actions = { enabled_repositories: 'all', allowed_actions: 'selected', sha_pinning_required: true }
export const workflow = { default_workflow_permissions: 'read', can_approve_pull_request_reviews: false }

export const hook = { active: true, config: { url: 'https://ci.example/hook?key=never', insecure_ssl: '0', secret: '********' } }

export const protection = {
  required_pull_request_reviews: { required_approving_review_count: 1, dismiss_stale_reviews: true, require_code_owner_reviews: false },
  required_status_checks: { contexts: ['test'] },
  enforce_admins: { enabled: true },
  allow_force_pushes: { enabled: false },
  allow_deletions: { enabled: false },
}
const branch: Bodies = { branch_protection: protection, branch_rules: [] }

export const repository = {
  private: true,
  language: 'Go',
  owner: { type: 'Organization' },
  security_and_analysis: { secret_scanning: { status: 'enabled' }, secret_scanning_push_protection: { status: 'enabled' } },
}

export const secretAlert = { number: 1, state: 'resolved', secret_type: 'aws_access_key_id' }
export const dependabotAlert = {
  number: 1, state: 'open', dependency: { package: { ecosystem: 'npm', name: 'left-pad' } }, security_advisory: { ghsa_id: 'GHSA-1', severity: 'high' },
}
export const codeAlert = { number: 1, state: 'open', rule: { id: 'js/xss', security_severity_level: 'high' } }

export const passing: Readonly<Record<string, Bodies>> = {
  github_org_2fa_required: { organization },
  github_base_permission_minimal: { organization },
  github_repo_creation_limited: { organization },
  github_org_owners_few: { owners: [{ login: 'ines' }, { login: 'mei' }] },
  github_actions_least_privilege: { actions_permissions: actions, actions_workflow: workflow },
  github_webhooks_secure: { organization_hooks: [hook] },
  github_branch_protected: { branch_protection: { enforce_admins: { enabled: false } }, branch_rules: [] },
  github_reviews_required: branch,
  github_history_protected: branch,
  github_status_checks_required: branch,
  github_secret_scanning: { repository },
  github_secret_alerts_open: { secret_alerts: [secretAlert] },
  github_dependabot: { dependabot_alerts: [dependabotAlert] },
  github_code_scanning: { repository, code_alerts: [codeAlert] },
  github_deploy_keys_read_only: { deploy_keys: [{ title: 'pull', read_only: true, enabled: true }] },
}
