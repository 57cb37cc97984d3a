import { defineCheck } from '../../contract'
import { authConfig } from '../endpoints'
import { isLocal, wildcardHosts } from '../redirects'
import { capped, holds, judge, type Point } from '../../verdict'

/** Own thresholds, in seconds: a mailed link and an access token live an hour at most. */
const longest = 3600

export const authSignupHardened = defineCheck({
  id: 'supabase_auth_signup_hardened',
  title: 'Sign-up is verified, and links and sessions are short-lived',
  severity: 'high',
  category: 'auth',
  rationale: 'Unconfirmed addresses let people sign up as somebody else; long-lived links and tokens, and redirects to any host, turn one leak into a lasting one.',
  remediation: {
    steps: [
      'Switch on "Confirm email" and keep sign-in with unverified addresses off.',
      'Set the lifetime of mailed links and of access tokens to one hour or less, and detect reused refresh tokens.',
      'Under Authentication, URL Configuration name exact hosts; keep wildcards to the path.',
    ],
    url: 'https://supabase.com/docs/guides/auth/general-configuration',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { authConfig },
  evaluate: ({ authConfig: config }) => {
    const redirects = redirectList(config.uri_allow_list)
    const wild = wildcardHosts(redirects ?? [])
    const points: Point[] = [
      { field: 'disable_signup', ok: holds(config.disable_signup, () => true), wrong: '' },
      { field: 'mailer_otp_exp', ok: holds(config.mailer_otp_exp, life => life <= longest), wrong: 'mailed links live longer than an hour' },
      { field: 'refresh_token_rotation_enabled', ok: holds(config.refresh_token_rotation_enabled, on => on), wrong: 'refresh tokens are not rotated' },
      { field: 'jwt_exp', ok: holds(config.jwt_exp, life => life <= longest), wrong: 'access tokens live longer than an hour' },
      { field: 'uri_allow_list', ok: redirects && wild.length === 0, wrong: 'sign-in may redirect to hosts named by a wildcard' },
    ]
    if (config.disable_signup !== true) {
      points.push(
        { field: 'mailer_autoconfirm', ok: holds(config.mailer_autoconfirm, on => !on), wrong: 'email addresses are not confirmed' },
        { field: 'mailer_allow_unverified_email_sign_ins', ok: holds(config.mailer_allow_unverified_email_sign_ins, on => !on), wrong: 'unverified addresses may sign in' },
      )
    }
    return judge(points, 'Addresses are confirmed, links and tokens live an hour at most, redirects name their hosts.', {
      sign_up_open: config.disable_signup === undefined || config.disable_signup === null ? null : !config.disable_signup,
      anonymous_users: config.external_anonymous_users_enabled ?? null,
      mailer_otp_exp: config.mailer_otp_exp ?? null,
      jwt_exp: config.jwt_exp ?? null,
      wildcard_redirects: capped(wild),
      local_redirects: capped((redirects ?? []).filter(isLocal)),
    })
  },
})

/** Null is how an empty list is stored; only a missing field says nothing. */
function redirectList(value: string | null | undefined): string[] | undefined {
  return value === undefined ? undefined : (value ?? '').split(',').map(entry => entry.trim()).filter(Boolean)
}
