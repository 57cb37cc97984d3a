import { defineCheck } from '../../contract'
import { capped, judge, holds } from '../../verdict'
import { either, ruled, set, sources, withoutBranch } from '../branch'
import { branchProtection, branchRules } from '../endpoints'

export const statusChecksRequired = defineCheck({
  id: 'github_status_checks_required',
  title: 'Checks have to succeed before a change reaches the default branch',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'Tests and scans that may be skipped are skipped on the day that matters.',
  remediation: {
    steps: [
      'Edit the ruleset or the branch protection of the default branch and require status checks to pass.',
      'Add the jobs that test, lint and scan the code, each with the app that reports it.',
    ],
    url: 'https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#require-status-checks-to-pass-before-merging',
  },
  soc2: { criteria: ['CC8.1', 'CC7.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.1.9'] }],
  iso27001: { controls: ['A.8.29', 'A.8.32'], own: true },
  kinds: ['repository'],
  reads: { branchProtection, branchRules },
  evaluate: ({ branchProtection: protection, branchRules: rules }, { resource }) => {
    const none = withoutBranch(resource, protection)
    if (none) return none
    const classic = protection?.required_status_checks
    const required = either(
      set(classic, ({ contexts }) => holds(contexts, names => names.length > 0)),
      ruled(rules, 'required_status_checks', part => holds(part.required_status_checks, list => list.length > 0)),
      // A workflow of the organization that has to pass is a check too.
      ruled(rules, 'workflows'),
    )
    const names = [...classic?.contexts ?? [], ...rules.flatMap(rule => rule.parameters?.required_status_checks ?? []).map(check => check.context)]
    return judge([{ field: 'required_status_checks', ok: required, wrong: 'no check has to succeed before a change is merged' }],
      'Changes are merged only when the required checks have succeeded.', { ...sources(protection, rules), required: capped([...new Set(names)]) })
  },
})
