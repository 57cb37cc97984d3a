import { defineCheck } from '../../contract'
import { readAdvisor } from '../advisor'
import { advisors, upgradeEligibility } from '../endpoints'
import { judge, unverified } from '../../verdict'

export const postgresCurrent = defineCheck({
  id: 'supabase_postgres_current',
  title: 'Postgres runs the latest version that Supabase offers',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'Postgres is patched every quarter. A version that stays behind keeps holes which are public knowledge.',
  remediation: {
    steps: [
      'Take a backup and read the notes on what the upgrade changes.',
      'Upgrade under Project Settings, Infrastructure; plan for a few minutes without the database.',
    ],
    url: 'https://supabase.com/docs/guides/platform/upgrading',
  },
  soc2: { criteria: ['CC6.8', 'CC7.1'], own: true },
  reads: { upgradeEligibility, advisors },
  evaluate: ({ upgradeEligibility: { eligible, current_app_version: current, latest_app_version: latest }, advisors }) => {
    const reading = readAdvisor(advisors, ['vulnerable_postgres_version'])
    const verdict = judge([
      { field: 'lints', ok: reading.hits.length === 0, wrong: 'this version of Postgres has known security holes' },
      { field: 'latest_app_version', ok: current && latest ? latest === current : undefined, wrong: 'a newer version of Postgres is offered' },
    ], 'Postgres runs the latest version offered.', {
      ...reading.evidence,
      current: current ?? null,
      latest: latest ?? null,
      upgrade_possible_now: eligible ?? null,
    })
    return verdict.verdict === 'pass' && reading.blind ? unverified(reading.blind, verdict.evidence) : verdict
  },
})
