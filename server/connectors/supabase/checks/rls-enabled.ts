import { defineCheck } from '../../contract'
import { judgeAdvisor, readAdvisor } from '../advisor'
import { exposedSchemas } from '../data-api'
import { advisors, postgrest } from '../endpoints'
import { notApplicable, plural, unverified } from '../../verdict'

export const rlsEnabled = defineCheck({
  id: 'supabase_rls_enabled',
  title: 'Row level security is on for every table that the API exposes',
  severity: 'critical',
  category: 'rls',
  rationale: 'The public API key is in every browser. A table without row level security can be read and changed by anyone who has it.',
  remediation: {
    steps: [
      'Open Security Advisor in the project and go through the tables named in the evidence.',
      'For each run: alter table <schema>.<table> enable row level security;',
      'Add policies that say who may read and write which rows, then test them as a signed-out and as another user.',
    ],
    url: 'https://supabase.com/docs/guides/database/postgres/row-level-security',
  },
  soc2: { criteria: ['CC6.1', 'CC6.3'], own: true },
  reads: { advisors, postgrest },
  evaluate: ({ advisors, postgrest }) => {
    const reading = readAdvisor(advisors, ['rls_disabled_in_public', 'policy_exists_rls_disabled'])
    // The advisor looks at exposed schemas only: with none exposed its silence is no pass.
    if (reading.hits.length === 0) {
      const schemas = exposedSchemas(postgrest.db_schema)
      if (!schemas) return unverified('Supabase did not say which schemas the Data API exposes.', reading.evidence)
      if (schemas.length === 0) return notApplicable('The Data API is off, so it exposes no table.', reading.evidence)
    }
    return judgeAdvisor(reading, {
      failed: count => `Row level security is off for ${plural(count, 'exposed table')}.`,
      passed: 'The security advisor found no exposed table without row level security.',
    })
  },
})
