import { defineCheck } from '../../contract'
import { holds, judge } from '../../verdict'
import { jobTokenScope } from '../endpoints'

export const jobTokenLimited = defineCheck({
  id: 'gitlab_job_token_limited',
  title: 'CI/CD job tokens of other projects have no access',
  severity: 'medium',
  category: 'access_control',
  rationale: 'Otherwise a job of any project whose pipeline a maintainer of this one runs may read what is here with that person\'s rights.',
  remediation: {
    steps: ['In the project open Settings, CI/CD, Job token permissions.', 'Choose "Only this project and any groups and projects in the allowlist".'],
    url: 'https://docs.gitlab.com/ci/jobs/ci_job_token/#control-job-token-access-to-your-project',
  },
  soc2: { criteria: ['CC6.1', 'CC6.3'], own: true },
  reads: { jobTokenScope },
  evaluate: ({ jobTokenScope: { inbound_enabled: limited } }) => judge(
    [{ field: 'inbound_enabled', ok: holds(limited, value => value), wrong: 'job tokens of every project have access' }],
    'Only listed projects have access with their job tokens.',
    { inbound_enabled: limited ?? null },
  ),
})
