import { defineCheck } from '../../contract'
import { holds, judge, notApplicable } from '../../verdict'
import { project } from '../endpoints'

export const mergeWaitsForPipeline = defineCheck({
  id: 'gitlab_merge_waits_for_pipeline',
  title: 'Merge requests wait until their pipeline has succeeded',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'Tests and scans that may be passed over do not keep anything out.',
  remediation: {
    steps: ['In the project open Settings, Merge requests, Merge checks.', 'Tick "Pipelines must succeed".'],
    url: 'https://docs.gitlab.com/user/project/merge_requests/auto_merge/#require-a-successful-pipeline-for-merge',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  reads: { project },
  evaluate: ({ project: { only_allow_merge_if_pipeline_succeeds: waits, builds_access_level: builds } }) => builds === 'disabled'
    ? notApplicable('CI/CD is switched off in this project: there is no pipeline to wait for.')
    : judge(
        [{ field: 'only_allow_merge_if_pipeline_succeeds', ok: holds(waits, value => value), wrong: 'a merge does not wait for its pipeline' }],
        'Nothing is merged before its pipeline has succeeded.',
        { only_allow_merge_if_pipeline_succeeds: waits ?? null },
      ),
})
