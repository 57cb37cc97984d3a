import { defineCheck } from '../../contract'
import { fail, holds, judge, notApplicable, unverified } from '../../verdict'
import { cis } from '../cis'
import { credentialReport } from '../credential-report'
import { passwordPolicy as policy } from '../endpoints'

const leastLength = 14
const leastRemembered = 24

export const passwordPolicy = defineCheck({
  id: 'aws_password_policy',
  title: 'Passwords are long, and not used again',
  severity: 'medium',
  category: 'auth',
  rationale: 'Without a policy of the account\'s own, IAM takes passwords of eight characters, and the same one again after a forced change.',
  remediation: {
    steps: [
      'Open Account settings in IAM and edit the password policy.',
      `Set a minimum length of at least ${leastLength} and remember the last ${leastRemembered} passwords.`,
      'Better: let people sign in through IAM Identity Center, without passwords in IAM.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['1.7', '1.8'], ['2.8', '2.9']),
  iso27001: { controls: ['A.5.17'], own: true },
  kinds: ['account'],
  reads: { policy, report: credentialReport },
  evaluate: ({ policy, report: { users, generated } }) => {
    const withPassword = users.filter(user => user.passwordEnabled === true)
    const unread = users.filter(user => user.passwordEnabled === undefined)
    if (withPassword.length === 0 && unread.length === 0) return notApplicable('Nobody signs in with a password of IAM.', { users: users.length, report_from: generated })
    const evidence = { console_users: withPassword.length, report_from: generated }
    if (policy === null) {
      return withPassword.length > 0 ? fail('The account has no password policy of its own.', evidence) : unverified('The report did not say whether anybody signs in with a password.', evidence)
    }
    const { MinimumPasswordLength: length, PasswordReusePrevention: remembered } = policy.PasswordPolicy
    return judge([
      { field: 'MinimumPasswordLength', ok: holds(length, value => value >= leastLength), wrong: `passwords may have ${length} characters` },
      // Left out where none is remembered; with a length beside it, the policy was read.
      { field: 'PasswordReusePrevention', ok: remembered === undefined ? (length === undefined ? undefined : false) : remembered >= leastRemembered, wrong: `${remembered ?? 0} earlier passwords are remembered, not ${leastRemembered}` },
    ], 'The password policy asks for long passwords and remembers earlier ones.', { ...evidence, minimum_length: length ?? null, remembered: remembered ?? null })
  },
})
