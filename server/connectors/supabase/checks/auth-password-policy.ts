import { defineCheck } from '../../contract'
import { authConfig } from '../endpoints'
import { holds, judge, notApplicable } from '../../verdict'

/** Own threshold; NIST SP 800-63B asks for 8 at least and 15 without a second factor. */
const minimumLength = 12

export const authPasswordPolicy = defineCheck({
  id: 'supabase_auth_password_policy',
  title: 'Passwords are long and mixed',
  severity: 'medium',
  category: 'auth',
  rationale: 'Short and simple passwords are guessed. A minimum length and required kinds of characters stop most of that.',
  remediation: {
    steps: [
      'Open Authentication, Sign In / Providers, Email in the project.',
      `Set the minimum password length to ${minimumLength} or more and choose required characters.`,
    ],
    url: 'https://supabase.com/docs/guides/auth/password-security',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { authConfig },
  evaluate: ({ authConfig: config }) => {
    if (config.external_email_enabled === false) return notApplicable('Sign-in with email and password is off.')
    return judge([
      { field: 'external_email_enabled', ok: holds(config.external_email_enabled, () => true), wrong: '' },
      { field: 'password_min_length', ok: holds(config.password_min_length, length => length >= minimumLength), wrong: `passwords may be shorter than ${minimumLength} characters` },
      // Null is how "no characters required" is stored; only a missing field says nothing.
      { field: 'password_required_characters', ok: config.password_required_characters === undefined ? undefined : Boolean(config.password_required_characters), wrong: 'no kinds of characters are required' },
    ], 'Passwords are long enough and mixed.', {
      password_min_length: config.password_min_length ?? null,
      password_required_characters: Boolean(config.password_required_characters),
    })
  },
})
