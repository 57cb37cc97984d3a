import { defineCheck } from '../../contract'
import { fail, notApplicable, pass, unverified } from '../../verdict'
import { protectedBranches } from '../endpoints'

export const branchProtected = defineCheck({
  id: 'gitlab_branch_protected',
  title: 'The default branch is protected, and its history cannot be rewritten',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'Without protection anybody who may push can put code into what is deployed, or remove the trace of who put it there.',
  remediation: {
    steps: ['In the project open Settings, Repository, Protected branches.', 'Protect the default branch and switch off "Allowed to force push".'],
    url: 'https://docs.gitlab.com/user/project/repository/branches/protected/',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  reads: { protectedBranches },
  evaluate: ({ protectedBranches: rules }, { resource }) => {
    const branch = resource.metadata.default_branch
    if (typeof branch !== 'string') return notApplicable('The project has no default branch: its repository is empty.')
    // Where several rules fit a branch, what one of them allows is allowed.
    const fitting = rules.filter(rule => fits(rule.name, branch))
    const evidence = { branch, rules: fitting.map(rule => rule.name) }
    if (fitting.length === 0) return fail(`The branch ${branch} is not protected.`, evidence)
    if (fitting.some(rule => rule.allow_force_push === true)) return fail(`The branch ${branch} is protected, and its history can be rewritten.`, evidence)
    if (fitting.some(rule => rule.allow_force_push !== false)) return unverified('GitLab\'s answer did not say whether force pushes are allowed.', evidence)
    return pass(`The branch ${branch} is protected, and force pushes are refused.`, evidence)
  },
})

/** `release/*` fits `release/1.0`. */
function fits(rule: string, branch: string): boolean {
  return new RegExp(`^${rule.split('*').map(literally).join('.*')}$`).test(branch)
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
