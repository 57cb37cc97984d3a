import { defineCheck } from '../../contract'
import { holds, judge } from '../../verdict'
import { either, hasRule, set, sources, withoutBranch } from '../branch'
import { branchProtection, branchRules } from '../endpoints'

export const historyProtected = defineCheck({
  id: 'github_history_protected',
  title: 'The default branch can be neither overwritten nor deleted',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'A force push rewrites what was reviewed and removes the traces of it. History that can be rewritten proves nothing afterwards.',
  remediation: {
    steps: [
      'In a ruleset for the default branch switch on "Block force pushes" and "Restrict deletions", and keep the bypass list short.',
      'With classic branch protection: leave force pushes and deletions off, and tick "Do not allow bypassing the above settings".',
    ],
    url: 'https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.1.14', '1.1.16', '1.1.17'] }],
  iso27001: { controls: ['A.8.4', 'A.8.32'], own: true },
  kinds: ['repository'],
  reads: { branchProtection, branchRules },
  evaluate: ({ branchProtection: protection, branchRules: rules }, { resource }) => {
    const none = withoutBranch(resource, protection)
    if (none) return none
    const byRules = { pushes: hasRule(rules, 'non_fast_forward'), deletions: hasRule(rules, 'deletion') }
    const refuses = (part: { enabled: boolean } | null | undefined) => set(part, ({ enabled }) => !enabled)
    // Classic protection does not hold for administrators unless it says so; a ruleset holds for all who are not on its list.
    const admins = byRules.pushes && byRules.deletions ? true : holds(protection?.enforce_admins?.enabled, enabled => enabled)
    return judge([
      { field: 'allow_force_pushes', ok: either(byRules.pushes, refuses(protection?.allow_force_pushes)), wrong: 'force pushes may rewrite the history' },
      { field: 'allow_deletions', ok: either(byRules.deletions, refuses(protection?.allow_deletions)), wrong: 'the branch may be deleted' },
      ...(protection === null ? [] : [{ field: 'enforce_admins', ok: admins, wrong: 'administrators are exempt from the protection' }]),
    ], 'The history of the default branch can be neither rewritten nor deleted.', {
      ...sources(protection, rules),
      // A read-only app is not shown it.
      bypass_list_of_rulesets: rules.length > 0 ? 'not visible' : null,
    })
  },
})
