import type { JsonValue } from '../../store'
import type { Rule, SandboxRepository } from '../world/repository'

/** Classic protection as `GET .../protection` shows it: what is not set is left out, not null. */
export function protection(url: string, rules: NonNullable<SandboxRepository['protection']>): JsonValue {
  const { approvals, dismissStale, admins, forcePushes = false, checks } = rules
  return {
    url,
    ...(approvals > 0 && {
      required_pull_request_reviews: {
        url: `${url}/required_pull_request_reviews`,
        dismiss_stale_reviews: dismissStale,
        require_code_owner_reviews: false,
        require_last_push_approval: false,
        required_approving_review_count: approvals,
      },
    }),
    ...(checks.length > 0 && {
      required_status_checks: {
        url: `${url}/required_status_checks`,
        strict: true,
        contexts: [...checks],
        contexts_url: `${url}/required_status_checks/contexts`,
        checks: checks.map(context => ({ context, app_id: null })),
      },
    }),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: admins },
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: forcePushes },
    allow_deletions: { enabled: false },
    block_creations: { enabled: false },
    required_conversation_resolution: { enabled: false },
    lock_branch: { enabled: false },
    allow_fork_syncing: { enabled: false },
  }
}

/** A ruleset's rule for a pull request. */
export function pullRequest(approvals: number, dismissStale: boolean): Rule {
  return {
    type: 'pull_request',
    parameters: {
      required_approving_review_count: approvals,
      dismiss_stale_reviews_on_push: dismissStale,
      require_code_owner_review: false,
      require_last_push_approval: false,
      required_review_thread_resolution: false,
    },
  }
}

export function requiredChecks(...contexts: string[]): Rule {
  return { type: 'required_status_checks', parameters: { strict_required_status_checks_policy: true, required_status_checks: contexts.map(context => ({ context })) } }
}

export function inForce(login: string, rule: Rule): JsonValue {
  return {
    type: rule.type,
    ...(rule.parameters && { parameters: rule.parameters }),
    ruleset_source_type: 'Organization',
    ruleset_source: login,
    ruleset_id: 4201,
  }
}
