import { defineCheck } from '../../contract'
import { fail, notApplicable, pass, unverified } from '../../verdict'
import { cis } from '../cis'
import { accountSummary } from '../endpoints'

export const rootMfa = defineCheck({
  id: 'aws_root_mfa',
  title: 'The root user has a second factor',
  severity: 'critical',
  category: 'auth',
  rationale: 'The root user may do everything, and no policy limits it. With a password alone, whoever reads one mail can take the whole account.',
  remediation: {
    steps: [
      'Sign in as the root user and open Security credentials.',
      'Assign an MFA device, better two, one of them kept elsewhere.',
      'In an organization, consider removing root credentials of member accounts altogether.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/enable-mfa-for-root.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['1.4'], ['2.5']),
  iso27001: { controls: ['A.8.2', 'A.8.5'], own: true },
  kinds: ['account'],
  reads: { summary: accountSummary },
  evaluate: ({ summary: { SummaryMap: { AccountMFAEnabled: mfa, AccountPasswordPresent: password, AccountAccessKeysPresent: keys } } }) => {
    const evidence = { mfa_enabled: mfa ?? null, password_present: password ?? null }
    // Removed centrally, by the organization: there is nothing to sign in with.
    if (mfa === 0 && password === 0 && keys === 0) return notApplicable('The root user has neither a password nor keys.', evidence)
    if (mfa === undefined) return unverified('AWS\'s answer did not say whether the root user has a second factor.', evidence)
    return mfa > 0 ? pass('The root user has a second factor.', evidence) : fail('The root user has no second factor.', evidence)
  },
})
