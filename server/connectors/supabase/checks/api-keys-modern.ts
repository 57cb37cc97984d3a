import { defineCheck } from '../../contract'
import { legacyKeys, signingKeys } from '../endpoints'
import { holds, judge, notApplicable } from '../../verdict'

export const apiKeysModern = defineCheck({
  id: 'supabase_api_keys_modern',
  title: 'Legacy API keys are off and tokens are signed asymmetrically',
  severity: 'medium',
  category: 'api_security',
  rationale: 'The legacy keys are ten-year tokens signed with a shared secret: none can be withdrawn alone, and whoever learns the secret can sign in as anyone.',
  remediation: {
    steps: [
      'Create a publishable and a secret key under Project Settings, API Keys, and move your applications to them.',
      'Move to asymmetric signing keys under JWT Keys and rotate to the new key.',
      'Disable the legacy keys once nothing uses them.',
    ],
    url: 'https://supabase.com/docs/guides/api/api-keys',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { legacyKeys, signingKeys },
  evaluate: ({ legacyKeys, signingKeys }) => {
    if (legacyKeys === null && signingKeys === null) return notApplicable('This project is too old for the new kinds of keys.')
    const inUse = signingKeys?.keys?.find(key => key.status === 'in_use')?.algorithm
    return judge([
      { field: 'api-keys/legacy', ok: holds(legacyKeys?.enabled, enabled => !enabled), wrong: 'the legacy API keys are still accepted' },
      { field: 'signing-keys', ok: asymmetric(inUse), wrong: 'tokens are signed with a shared secret' },
    ], 'The legacy API keys are off and tokens are signed with an asymmetric key.', {
      legacy_keys_enabled: legacyKeys?.enabled ?? null,
      signing_algorithm: inUse ?? null,
    })
  },
})

/** RFC 7518 names; an algorithm that we do not know is neither good nor bad. */
function asymmetric(algorithm: string | null | undefined): boolean | undefined {
  if (!algorithm) return undefined
  if (/^HS\d+$/.test(algorithm)) return false
  return /^((ES|RS|PS)\d+K?|EdDSA|Ed25519|Ed448)$/.test(algorithm) ? true : undefined
}
