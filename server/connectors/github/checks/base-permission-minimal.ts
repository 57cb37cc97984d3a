import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { organization } from '../endpoints'

export const basePermissionMinimal = defineCheck({
  id: 'github_base_permission_minimal',
  title: 'Members may at most read the repositories that nobody gave them',
  severity: 'high',
  category: 'access_control',
  rationale: 'The base permission holds for every member in every repository. If it is to write, the weakest account of the organization can change all of its code.',
  remediation: {
    steps: [
      'Give write access by teams, repository by repository.',
      'Set the base permissions to "No permission" or "Read" under Settings, Member privileges.',
    ],
    url: 'https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/setting-base-permissions-for-an-organization',
  },
  soc2: { criteria: ['CC6.3'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.3.8'] }],
  iso27001: { controls: ['A.5.15', 'A.5.18', 'A.8.3'], own: true },
  kinds: ['organization'],
  reads: { organization },
  evaluate: ({ organization: { default_repository_permission: permission } }) => {
    const evidence = { default_repository_permission: permission ?? null }
    switch (permission) {
      case 'none':
      case 'read': return pass(`The base permission is ${permission}.`, evidence)
      case 'write':
      case 'admin': return fail(`The base permission is ${permission}.`, evidence)
      default: return unverified('GitHub shows the base permission to the organization\'s owners only.', evidence)
    }
  },
})
