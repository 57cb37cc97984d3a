import { defineCheck } from '../../contract'
import { holds, judge, notApplicable } from '../../verdict'
import { actionsPermissions, actionsWorkflow } from '../endpoints'

/** Of the words that we know; another one is neither good nor bad. */
const oneOf = <T extends string>(value: string | null | undefined, words: readonly T[]) => words.find(word => word === value)

export const actionsLeastPrivilege = defineCheck({
  id: 'github_actions_least_privilege',
  title: 'Workflows start with a read-only token and run chosen actions only',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'Whatever a workflow installs runs with its token. If that may write, and any action of anybody may be used, a stranger\'s package can change your code.',
  remediation: {
    steps: [
      'Under Settings, Actions, General of the organization set the workflow permissions to read.',
      'Untick "Allow GitHub Actions to create and approve pull requests".',
      'Allow your own actions, and selected others, in place of all.',
    ],
    url: 'https://docs.github.com/en/organizations/managing-organization-settings/disabling-or-limiting-github-actions-for-your-organization',
  },
  soc2: { criteria: ['CC6.3', 'CC8.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.5.2'] }],
  iso27001: { controls: ['A.5.15', 'A.8.19', 'A.8.31'], own: true },
  kinds: ['organization'],
  reads: { actionsPermissions, actionsWorkflow },
  evaluate: ({ actionsPermissions: { enabled_repositories: where, allowed_actions: allowed, sha_pinning_required: pinned }, actionsWorkflow: workflow }) => {
    if (where === 'none') return notApplicable('GitHub Actions is off in this organization.', { enabled_repositories: where })
    const token = oneOf(workflow.default_workflow_permissions, ['read', 'write'])
    return judge([
      { field: 'enabled_repositories', ok: oneOf(where, ['all', 'selected']) ? true : undefined, wrong: '' },
      { field: 'default_workflow_permissions', ok: holds(token, word => word === 'read'), wrong: 'workflows start with a token that may write' },
      { field: 'can_approve_pull_request_reviews', ok: holds(workflow.can_approve_pull_request_reviews, can => !can), wrong: 'workflows may approve pull requests' },
      { field: 'allowed_actions', ok: holds(oneOf(allowed, ['all', 'local_only', 'selected']), word => word !== 'all'), wrong: 'workflows may run any action of anybody' },
    ], 'Workflows start with a read-only token and run chosen actions only.', {
      enabled_repositories: where ?? null,
      allowed_actions: allowed ?? null,
      default_workflow_permissions: workflow.default_workflow_permissions ?? null,
      can_approve_pull_request_reviews: workflow.can_approve_pull_request_reviews ?? null,
      sha_pinning_required: pinned ?? null,
    })
  },
})
