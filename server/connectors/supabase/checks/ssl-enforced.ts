import { defineCheck } from '../../contract'
import { sslEnforcement } from '../endpoints'
import { fail, pass, unverified } from '../../verdict'

export const sslEnforced = defineCheck({
  id: 'supabase_ssl_enforced',
  title: 'Postgres refuses connections in clear text',
  severity: 'high',
  category: 'network',
  rationale: 'Without enforcement a client that forgets TLS sends its password and your data readable across the internet.',
  remediation: {
    steps: [
      'Make sure that every client connects with sslmode=require or stricter.',
      'Switch on "Enforce SSL on incoming connections" under Database, Settings. The database restarts briefly.',
    ],
    url: 'https://supabase.com/docs/guides/platform/ssl-enforcement',
  },
  soc2: { criteria: ['CC6.7'], own: true },
  reads: { sslEnforcement },
  evaluate: ({ sslEnforcement: { currentConfig, appliedSuccessfully } }) => {
    const evidence = { enforced: currentConfig?.database ?? null, applied: appliedSuccessfully ?? null }
    if (typeof currentConfig?.database !== 'boolean' || typeof appliedSuccessfully !== 'boolean') {
      return unverified('Supabase\'s answer did not say whether SSL is enforced.', evidence)
    }
    if (!appliedSuccessfully) return unverified('The setting is stored but was not applied, so what the database does is not known.', evidence)
    return currentConfig.database
      ? pass('Postgres accepts encrypted connections only.', evidence)
      : fail('Postgres accepts connections in clear text.', evidence)
  },
})
