import { pullRequest, requiredChecks } from '../shapes/branch'
import type { SandboxAccount } from './account'
import type { SandboxRepository } from './repository'

const looked = { secretScanning: { pushProtection: true, open: [] }, dependabot: [], codeScanning: [] }

/** Looked after, by rulesets. */
const app: SandboxRepository = {
  id: 610_000_001,
  name: 'app',
  visibility: 'private',
  language: 'TypeScript',
  rules: [{ type: 'deletion' }, { type: 'non_fast_forward' }, pullRequest(2, true), requiredChecks('test', 'lint')],
  ...looked,
  deployKeys: [{ title: 'production pull', readOnly: true }],
}

/** Protected the classic way, with an exception for administrators, and approvals that survive later commits. */
const paymentsApi: SandboxRepository = {
  id: 610_000_002,
  name: 'payments-api',
  visibility: 'private',
  language: 'Go',
  protection: { approvals: 1, dismissStale: false, admins: false, checks: ['build'] },
  ...looked,
  dependabot: ['left-pad-pro'],
  deployKeys: [{ title: 'release bot', readOnly: false }],
}

/** Neglected: nothing is protected, and a key lies in its history. */
const legacyImporter: SandboxRepository = {
  id: 610_000_003,
  name: 'legacy-importer',
  visibility: 'private',
  language: 'Python',
  secretScanning: { pushProtection: false, open: ['aws_access_key_id', 'stripe_api_key'] },
}

const website: SandboxRepository = {
  id: 610_000_004,
  name: 'website',
  visibility: 'public',
  language: 'HTML',
  protection: { approvals: 1, dismissStale: true, admins: true, checks: ['preview'] },
  ...looked,
  codeScanning: ['js/xss'],
}

const experiments: SandboxRepository = { id: 610_000_005, name: 'experiments', visibility: 'private', language: null, empty: true, ...looked, codeScanning: undefined }
const oldShop: SandboxRepository = { id: 610_000_006, name: 'old-shop', visibility: 'private', language: 'PHP', archived: true }

/** Fictional, as is everything in here. Open: no second factor is demanded, and its workflows may do much. */
export const brightwater: SandboxAccount = {
  id: 48_151_623,
  login: 'brightwater-labs',
  name: 'Brightwater Labs',
  type: 'Organization',
  installationId: 71_000_001,
  paid: true,
  repositories: [app, paymentsApi, legacyImporter, website, experiments, oldShop],
  organization: {
    settings: {
      two_factor_requirement_enabled: false,
      default_repository_permission: 'read',
      members_can_create_repositories: true,
      members_can_create_public_repositories: false,
      members_can_change_repo_visibility: false,
      members_can_delete_repositories: false,
    },
    owners: [{ id: 90_210_001, login: 'ines-okafor' }, { id: 90_210_002, login: 'mei-tanaka' }],
    actions: { enabled_repositories: 'all', allowed_actions: 'all', sha_pinning_required: false },
    workflow: { default_workflow_permissions: 'write', can_approve_pull_request_reviews: true },
    hooks: [{ host: 'ci.brightwater.example', insecureSsl: '0', signed: true }, { host: 'chat.brightwater.example', insecureSsl: '1', signed: false }],
  },
}
