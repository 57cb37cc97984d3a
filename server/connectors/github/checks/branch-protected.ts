import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { sources, withoutBranch } from '../branch'
import { branchProtection, branchRules } from '../endpoints'

/** Rules that keep something from happening to a branch; those about names and texts do not, nor does an opinion that nobody has to follow. */
const protecting = new Set([
  'code_scanning', 'deletion', 'merge_queue', 'non_fast_forward', 'pull_request', 'required_deployments',
  'required_linear_history', 'required_signatures', 'required_status_checks', 'update', 'workflows',
])
const harmless = new Set([
  'branch_name_pattern', 'commit_author_email_pattern', 'commit_message_pattern', 'committer_email_pattern', 'copilot_code_review', 'creation',
  'file_extension_restriction', 'file_path_restriction', 'max_file_path_length', 'max_file_size', 'tag_name_pattern',
])

export const branchProtected = defineCheck({
  id: 'github_branch_protected',
  title: 'The default branch is protected',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'What is on the default branch is what gets built and shipped. Without a rule, one person or one stolen token decides alone what that is.',
  remediation: {
    steps: [
      'Create a branch ruleset in the repository\'s settings, or once for the whole organization.',
      'Target the default branch, demand a pull request, and block force pushes and deletion.',
    ],
    url: 'https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/creating-rulesets-for-a-repository',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.1.20'] }],
  iso27001: { controls: ['A.8.4', 'A.8.32'], own: true },
  kinds: ['repository'],
  reads: { branchProtection, branchRules },
  evaluate: ({ branchProtection: protection, branchRules: rules }, { resource }) => {
    const evidence = sources(protection, rules)
    const none = withoutBranch(resource, protection)
    if (none) return none
    // A part that every protection has: without it this may be an answer about something else.
    if (protection?.enforce_admins) return pass('Classic branch protection is on.', evidence)
    const strange = evidence.rules.filter(type => !protecting.has(type) && !harmless.has(type))
    if (evidence.rules.some(type => protecting.has(type))) return pass('A ruleset protects the branch.', evidence)
    if (strange.length > 0) return unverified(`It is not known what these rules protect: ${strange.join(', ')}.`, evidence)
    if (protection !== null) return unverified('GitHub\'s answer about the classic protection could not be read.', evidence)
    return fail('Neither classic protection nor a ruleset protects the default branch.', evidence)
  },
})
