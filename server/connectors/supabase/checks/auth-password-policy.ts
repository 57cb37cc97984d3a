import { defineCheck } from '../../contract'
import { authConfig, organization } from '../endpoints'
import { holds, judge, notApplicable, type Point } from '../../verdict'

/** Own threshold; NIST SP 800-63B asks for 8 at least and 15 without a second factor. */
const minimumLength = 12

export const authPasswordPolicy = defineCheck({
  id: 'supabase_auth_password_policy',
  title: 'Passwords are long, mixed and checked against known leaks',
  severity: 'medium',
  category: 'auth',
  rationale: 'Short and reused passwords are guessed or bought. A length, required characters and a check against leaked passwords stop most of that.',
  remediation: {
    steps: [
      'Open Authentication, Sign In / Providers, Email in the project.',
      `Set the minimum password length to ${minimumLength} or more and choose required characters.`,
      'Switch on the check against leaked passwords (Pro plan and above).',
    ],
    url: 'https://supabase.com/docs/guides/auth/password-security',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { authConfig, organization },
  evaluate: ({ authConfig: config, organization }) => {
    if (config.external_email_enabled === false) return notApplicable('Sign-in with email and password is off.')
    const points: Point[] = [
      { field: 'external_email_enabled', ok: holds(config.external_email_enabled, () => true), wrong: '' },
      { field: 'password_min_length', ok: holds(config.password_min_length, length => length >= minimumLength), wrong: `passwords may be shorter than ${minimumLength} characters` },
      // Null is how "no characters required" is stored; only a missing field says nothing.
      { field: 'password_required_characters', ok: config.password_required_characters === undefined ? undefined : Boolean(config.password_required_characters), wrong: 'no kinds of characters are required' },
    ]
    // The free plan has no leak check: what cannot be switched on is told, not failed.
    const leakCheckOffered = organization.plan !== 'free'
    if (leakCheckOffered || config.password_hibp_enabled) {
      points.push({ field: 'password_hibp_enabled', ok: holds(config.password_hibp_enabled, on => on), wrong: 'passwords are not checked against known leaks' })
    }
    return judge(points, 'Passwords are long enough, mixed and, where the plan offers it, checked against leaks.', {
      password_min_length: config.password_min_length ?? null,
      password_required_characters: Boolean(config.password_required_characters),
      password_hibp_enabled: config.password_hibp_enabled ?? null,
      ...(!leakCheckOffered && { not_on_this_plan: ['password_hibp_enabled'] }),
    })
  },
})
