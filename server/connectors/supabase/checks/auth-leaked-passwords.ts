import { defineCheck } from '../../contract'
import { fail, notApplicable, pass, unverified } from '../../verdict'
import { authConfig, entitlements } from '../endpoints'
import { isEntitled } from '../entitlements'

export const authLeakedPasswords = defineCheck({
  id: 'supabase_auth_leaked_passwords',
  title: 'Passwords are checked against known leaks',
  severity: 'medium',
  category: 'auth',
  rationale: 'Passwords of other sites\' leaks are tried everywhere. One that is known to have leaked is no password, however long it is.',
  remediation: {
    steps: [
      'Open Authentication, Attack Protection in the project.',
      'Switch on the prevention of leaked passwords (Pro plan and above).',
    ],
    url: 'https://supabase.com/docs/guides/auth/password-security',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { authConfig, entitlements },
  evaluate: ({ authConfig: config, entitlements: answer }) => {
    if (config.external_email_enabled === false) return notApplicable('Sign-in with email and password is off.')
    const entitled = isEntitled(answer, ['auth.password_hibp', 'auth.leaked_password_protection'])
    const evidence = { password_hibp_enabled: config.password_hibp_enabled ?? null, entitled: entitled ?? null }
    if (typeof config.external_email_enabled !== 'boolean') return unverified('Supabase\'s answer did not say whether people sign in with a password.', evidence)
    if (config.password_hibp_enabled === true) return pass('Passwords are checked against known leaks.', evidence)
    // What cannot be switched on is told, not failed.
    if (entitled === false) return notApplicable('This organization\'s plan does not offer the check against known leaks.', evidence)
    if (typeof config.password_hibp_enabled !== 'boolean') return unverified('Supabase\'s answer did not say whether passwords are checked against known leaks.', evidence)
    if (entitled === undefined) return unverified('Passwords are not checked against known leaks, and Supabase did not say whether this organization\'s plan offers it.', evidence)
    return fail('Passwords are not checked against known leaks.', evidence)
  },
})
