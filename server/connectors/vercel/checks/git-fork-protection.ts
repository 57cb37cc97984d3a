import { defineCheck } from '../../contract'
import { projectOf } from '../endpoints'
import { fail, notApplicable, pass, unverified } from '../../verdict'

export const gitForkProtection = defineCheck({
  id: 'vercel_git_fork_protection',
  title: 'A pull request from a fork is built only after somebody of the team agrees',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'A build runs the code of the pull request with the project\'s environment variables. Without this anybody with a fork can read them.',
  remediation: {
    steps: [
      'Open the project\'s Settings, Security.',
      'Switch on Git Fork Protection.',
      'If forks were built before, rotate the secrets that preview deployments can read.',
    ],
    url: 'https://vercel.com/docs/project-configuration/security-settings',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  iso27001: { controls: ['8.28'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project: { gitForkProtection, link } }) => {
    if (link === null) return notApplicable('The project is not connected to a Git repository.')
    const evidence = { repository: link?.type ?? null, gitForkProtection: gitForkProtection ?? null }
    if (gitForkProtection === false) return fail('Pull requests from forks are built without asking.', evidence)
    if (gitForkProtection !== true || link === undefined) return unverified('Vercel\'s answer did not say gitForkProtection and link.', evidence)
    return pass('Pull requests from forks wait for the team.', evidence)
  },
})
