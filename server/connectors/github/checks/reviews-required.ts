import { defineCheck } from '../../contract'
import { judge } from '../../verdict'
import { atLeast, either, ruled, set, sources, withoutBranch } from '../branch'
import { branchProtection, branchRules } from '../endpoints'

export const reviewsRequired = defineCheck({
  id: 'github_reviews_required',
  title: 'Somebody else approves each change of the default branch',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'A second pair of eyes is what stands between a mistake, or a stolen account, and your product. An approval that survives later commits is none.',
  remediation: {
    steps: [
      'Edit the ruleset or the branch protection of the default branch and require a pull request before merging.',
      'Require at least one approval; CIS asks for two.',
      'Dismiss stale approvals when new commits are pushed, and require review from code owners where there are any.',
    ],
    url: 'https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  // 1.1.3 asks for two approvals, which is more than is asked here.
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.1.4'] }],
  iso27001: { controls: ['A.5.3', 'A.8.28', 'A.8.32'], own: true },
  kinds: ['repository'],
  reads: { branchProtection, branchRules },
  evaluate: ({ branchProtection: protection, branchRules: rules }, { resource }) => {
    const none = withoutBranch(resource, protection)
    if (none) return none
    const reviews = protection?.required_pull_request_reviews
    const approvals = either(
      set(reviews, ({ required_approving_review_count: count }) => atLeast(1)(count)),
      ruled(rules, 'pull_request', ({ required_approving_review_count: count }) => atLeast(1)(count)),
    )
    const stale = either(
      set(reviews, part => part.dismiss_stale_reviews ?? undefined),
      ruled(rules, 'pull_request', part => part.dismiss_stale_reviews_on_push ?? undefined),
    )
    const counts = [reviews?.required_approving_review_count, ...rules.map(rule => rule.parameters?.required_approving_review_count)]
    return judge([
      { field: 'required_approving_review_count', ok: approvals, wrong: 'changes need nobody\'s approval' },
      { field: 'dismiss_stale_reviews', ok: stale, wrong: 'an approval stays when further commits are pushed' },
    ], 'Changes need an approval, and it falls with further commits.', {
      ...sources(protection, rules),
      required_approvals: Math.max(0, ...counts.filter(count => typeof count === 'number')),
    })
  },
})
