import { defineCheck } from '../../contract'
import { judgeAdvisor, readAdvisor } from '../advisor'
import { exposedSchemas } from '../data-api'
import { advisors, postgrest } from '../endpoints'
import { notApplicable, plural, unverified } from '../../verdict'

export const rlsPoliciesEffective = defineCheck({
  id: 'supabase_rls_policies_effective',
  title: 'Row level security policies really restrict rows',
  severity: 'high',
  category: 'rls',
  rationale: 'A policy that is always true, or that trusts metadata which users can edit themselves, lets everybody through while the table looks protected.',
  remediation: {
    steps: [
      'Find the policies named in the evidence in the project under Authentication, Policies.',
      'Tie each to the caller, for example: using ((select auth.uid()) = user_id).',
      'Take roles from app_metadata or from a table of your own, never from user_metadata.',
    ],
    url: 'https://supabase.com/docs/guides/database/postgres/row-level-security#policies',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { advisors, postgrest },
  evaluate: ({ advisors, postgrest }) => {
    // A table with row level security and no policy lets nobody in: worth telling, not a failure.
    const reading = readAdvisor(advisors, ['rls_policy_always_true', 'rls_references_user_metadata'], ['rls_enabled_no_policy'])
    if (reading.hits.length === 0) {
      const schemas = exposedSchemas(postgrest.db_schema)
      if (!schemas) return unverified('Supabase did not say which schemas the Data API exposes.', reading.evidence)
      if (schemas.length === 0) return notApplicable('The Data API is off, so no policy faces a caller of it.', reading.evidence)
    }
    return judgeAdvisor(reading, {
      failed: count => `${plural(count, 'policy does', 'policies do')} not restrict rows.`,
      passed: 'The security advisor found no policy that lets everybody through.',
    })
  },
})
