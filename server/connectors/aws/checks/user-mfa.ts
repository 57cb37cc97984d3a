import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { cis } from '../cis'
import { credentialReport, type Login } from '../credential-report'

const names = (users: readonly Login[]) => capped(users.map(user => user.user.slice(0, 100)))

export const userMfa = defineCheck({
  id: 'aws_user_mfa',
  title: 'Every user with a password has a second factor',
  severity: 'high',
  category: 'auth',
  rationale: 'A password that was guessed or phished opens the console to whoever has it, unless it takes a second factor.',
  remediation: {
    steps: [
      'Ask the users named in the evidence to assign an MFA device, or take away their passwords if they need none.',
      'Deny everything but setting up MFA to users who signed in without it.',
    ],
    url: 'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable.html',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  cis: cis(['1.9'], ['2.10']),
  iso27001: { controls: ['A.8.5'], own: true },
  kinds: ['account'],
  reads: { report: credentialReport },
  evaluate: ({ report: { users, generated } }) => {
    const evidence = { users: users.length, report_from: generated }
    if (users.length === 0) return notApplicable('There are no IAM users.', evidence)
    const without = users.filter(user => user.passwordEnabled === true && user.mfaActive === false)
    const unread = users.filter(user => user.passwordEnabled === undefined || (user.passwordEnabled && user.mfaActive === undefined))
    if (without.length > 0) return fail(`${plural(without.length, 'user has', 'users have')} a password and no second factor.`, { ...evidence, without: names(without) })
    if (unread.length > 0) return unverified(`The report did not say how ${plural(unread.length, 'user signs', 'users sign')} in.`, { ...evidence, unread: names(unread) })
    if (!users.some(user => user.passwordEnabled)) return notApplicable('Nobody signs in with a password of IAM.', evidence)
    return pass('Every user with a password has a second factor.', evidence)
  },
})
