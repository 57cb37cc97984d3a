import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { cis } from '../cis'
import { accountSummary } from '../endpoints'

export const rootNoAccessKeys = defineCheck({
  id: 'aws_root_no_access_keys',
  title: 'The root user has no access keys',
  severity: 'critical',
  category: 'auth',
  rationale: 'A key of the root user gives everything to whoever finds it, without a second factor and without an end.',
  remediation: {
    steps: [
      'Find out what uses the key, and give it a role instead.',
      'Sign in as the root user, open Security credentials, deactivate the key, and delete it when nothing breaks.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user_manage_delete-key.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['1.3'], ['2.4']),
  iso27001: { controls: ['A.8.2'], own: true },
  kinds: ['account'],
  reads: { summary: accountSummary },
  evaluate: ({ summary: { SummaryMap: { AccountAccessKeysPresent: keys } } }) => {
    if (keys === undefined) return unverified('AWS\'s answer did not say whether the root user has access keys.')
    return keys === 0 ? pass('The root user has no access keys.') : fail('The root user has access keys.', { keys_present: keys })
  },
})
