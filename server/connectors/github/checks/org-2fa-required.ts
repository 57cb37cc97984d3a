import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { organization } from '../endpoints'

export const org2faRequired = defineCheck({
  id: 'github_org_2fa_required',
  title: 'The organization demands a second factor of everybody',
  severity: 'critical',
  category: 'auth',
  rationale: 'A password that was used elsewhere, or given to the wrong page, is enough to read and change your code, unless a second factor is asked for.',
  remediation: {
    steps: [
      'Ask the members and outside collaborators without a second factor to set one up; they lose access otherwise.',
      'Tick "Require two-factor authentication" under Settings, Authentication security of the organization.',
    ],
    url: 'https://docs.github.com/en/organizations/keeping-your-organization-secure/managing-two-factor-authentication-for-your-organization/requiring-two-factor-authentication-in-your-organization',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.3.5'] }],
  iso27001: { controls: ['A.5.17', 'A.8.5'], own: true },
  kinds: ['organization'],
  reads: { organization },
  evaluate: ({ organization: { two_factor_requirement_enabled: required } }) => {
    // Null for those who are no owner, and where an enterprise manages the accounts.
    if (typeof required !== 'boolean') return unverified('GitHub shows to the organization\'s owners only whether a second factor is required.')
    const evidence = { two_factor_requirement_enabled: required }
    return required ? pass('A second factor is required.', evidence) : fail('No second factor is required.', evidence)
  },
})
