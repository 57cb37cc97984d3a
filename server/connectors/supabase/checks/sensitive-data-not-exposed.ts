import { defineCheck } from '../../contract'
import { judgeAdvisor, readAdvisor } from '../advisor'
import { advisors } from '../endpoints'
import { plural } from '../../verdict'

export const sensitiveDataNotExposed = defineCheck({
  id: 'supabase_sensitive_data_not_exposed',
  title: 'The API exposes no users, secrets or sensitive columns',
  severity: 'critical',
  category: 'rls',
  rationale: 'A view over auth.users, a leaked service key or a column of card numbers in an exposed schema hands personal data to anyone with the public key.',
  remediation: {
    steps: [
      'Move the views, tables and queues named in the evidence into a schema that the API does not expose.',
      'Offer what callers need through a security_invoker view or a function that checks the caller.',
      'If a service key is listed: replace it now and look for its use in the logs.',
    ],
    url: 'https://supabase.com/docs/guides/database/database-advisors',
  },
  soc2: { criteria: ['CC6.1', 'CC6.7'], own: true },
  reads: { advisors },
  evaluate: ({ advisors }) => judgeAdvisor(
    readAdvisor(advisors, ['auth_users_exposed', 'sensitive_columns_exposed', 'leaked_service_key', 'insecure_queue_exposed_in_api']),
    {
      failed: count => `${plural(count, 'exposure')} of users, secrets or sensitive columns.`,
      passed: 'The security advisor found no exposed users, keys, queues or sensitive columns.',
    },
  ),
})
