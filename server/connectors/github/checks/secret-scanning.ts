import { defineCheck } from '../../contract'
import { holds, judge, notApplicable, unverified } from '../../verdict'
import { repository } from '../endpoints'

const enabled = (feature: { status?: string | null } | null | undefined) => {
  const status = feature?.status
  return holds(status === 'enabled' || status === 'disabled' ? status : undefined, value => value === 'enabled')
}

export const secretScanning = defineCheck({
  id: 'github_secret_scanning',
  title: 'Secret scanning and push protection are on',
  severity: 'critical',
  category: 'data_protection',
  rationale: 'Keys end up in commits, and are found there by others within minutes. Scanning finds them first; push protection keeps them out.',
  remediation: {
    steps: [
      'Open Settings, Advanced Security of the repository, or a security configuration of the organization.',
      'Switch on secret scanning and push protection. Private repositories need GitHub Secret Protection.',
    ],
    url: 'https://docs.github.com/en/code-security/secret-scanning/enabling-secret-scanning-features/enabling-secret-scanning-for-your-repository',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.5.1'] }],
  iso27001: { controls: ['A.5.17', 'A.8.12'], own: true },
  kinds: ['repository'],
  reads: { repository },
  evaluate: ({ repository: { private: isPrivate, owner, security_and_analysis: features } }, { resource }) => {
    if (resource.metadata.archived === true) return notApplicable('The repository is archived: nothing can be pushed to it.')
    if (!features) return unverified('GitHub shows the security features of a repository to its administrators only.')
    const [scanning, protection] = [features.secret_scanning, features.secret_scanning_push_protection]
    const evidence = { visibility: resource.metadata.visibility ?? null, secret_scanning: scanning?.status ?? null, push_protection: protection?.status ?? null }
    if (isPrivate === true && owner?.type === 'User' && enabled(scanning) === false) {
      return notApplicable('GitHub does not offer secret scanning for private repositories of a personal account.', evidence)
    }
    return judge([
      { field: 'secret_scanning', ok: enabled(scanning), wrong: 'secret scanning is off' },
      { field: 'secret_scanning_push_protection', ok: enabled(protection), wrong: 'push protection is off' },
    ], 'Secret scanning and push protection are on.', evidence)
  },
})
