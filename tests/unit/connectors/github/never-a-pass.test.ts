/** What could not be verified is not a pass. */
import { github } from '#server/connectors/github'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** Fields on which a check's verdict rests, by their last name. */
const deciding: Readonly<Record<string, readonly string[]>> = {
  github_org_2fa_required: ['two_factor_requirement_enabled'],
  github_base_permission_minimal: ['default_repository_permission'],
  github_repo_creation_limited: ['members_can_create_public_repositories', 'members_can_change_repo_visibility', 'members_can_delete_repositories'],
  github_org_owners_few: ['login', 'owners'],
  github_actions_least_privilege: ['enabled_repositories', 'allowed_actions', 'default_workflow_permissions', 'can_approve_pull_request_reviews'],
  github_webhooks_secure: ['config', 'url', 'insecure_ssl', 'secret'],
  github_branch_protected: ['enforce_admins', 'enabled'],
  github_reviews_required: ['required_pull_request_reviews', 'required_approving_review_count', 'dismiss_stale_reviews'],
  github_history_protected: ['enforce_admins', 'allow_force_pushes', 'allow_deletions', 'enabled'],
  github_status_checks_required: ['required_status_checks', 'contexts'],
  github_secret_scanning: ['security_and_analysis', 'secret_scanning', 'secret_scanning_push_protection', 'status'],
  github_secret_alerts_open: ['number', 'state'],
  github_dependabot: ['number', 'state', 'security_advisory', 'severity'],
  github_code_scanning: ['number', 'state', 'rule', 'security_severity_level'],
  github_deploy_keys_read_only: ['read_only'],
}

/** "None is open" is what an empty list says; whether the feature is on is said by its status. */
const lists = ['github_secret_alerts_open', 'github_dependabot']

neverAPass({
  connector: github,
  evaluate,
  passing,
  decides: (id, field) => deciding[id]?.includes(field) ?? false,
  answered: (id, body) => lists.includes(id) && Array.isArray(body) && body.length === 0,
})
