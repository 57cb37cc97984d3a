import { defineCheck } from '../../contract'
import { authConfig } from '../endpoints'
import { fail, pass, unverified } from '../../verdict'

export const authMfaAvailable = defineCheck({
  id: 'supabase_auth_mfa_available',
  title: 'Users can protect their account with a second factor',
  severity: 'high',
  category: 'auth',
  rationale: 'Without an authenticator app or a security key on offer, one stolen password is one stolen account.',
  remediation: {
    steps: [
      'Open Authentication, Multi-Factor in the project.',
      'Switch on both enrolment and verification for authenticator apps (TOTP).',
      'Offer enrolment in your application and ask for aal2 in policies on sensitive tables.',
    ],
    url: 'https://supabase.com/docs/guides/auth/auth-mfa',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { authConfig },
  evaluate: ({ authConfig: config }) => {
    const totp = both(config.mfa_totp_enroll_enabled, config.mfa_totp_verify_enabled)
    const webAuthn = both(config.mfa_web_authn_enroll_enabled, config.mfa_web_authn_verify_enabled)
    // A text message can be redirected: it is told, and does not count (NIST SP 800-63B section 5.1.3).
    const phone = both(config.mfa_phone_enroll_enabled, config.mfa_phone_verify_enabled)
    const evidence = { totp: totp ?? null, web_authn: webAuthn ?? null, phone: phone ?? null }
    if (totp || webAuthn) return pass('Users can enrol an authenticator app or a security key.', evidence)
    if (totp === undefined || webAuthn === undefined) return unverified('Supabase\'s answer did not say which second factors are on.', evidence)
    return fail('Neither authenticator apps nor security keys can be enrolled and verified.', evidence)
  },
})

/** False as soon as one half is off; undefined while one half is unknown. */
function both(enroll: boolean | null | undefined, verify: boolean | null | undefined): boolean | undefined {
  if (enroll === false || verify === false) return false
  return enroll && verify ? true : undefined
}
