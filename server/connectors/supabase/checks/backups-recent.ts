import { defineCheck } from '../../contract'
import { backups, organization } from '../endpoints'
import { fail, pass, unverified } from '../../verdict'

const hour = 3_600_000
/** Those that cannot be restored, or not yet. */
const unusable = ['FAILED', 'PENDING', 'REMOVED', 'ARCHIVED', 'CANCELLED']
/** Own threshold: daily, and two hours for the backup to run. */
const oldest = 26 * hour

export const backupsRecent = defineCheck({
  id: 'supabase_backups_recent',
  title: 'A backup of the last day, or point-in-time recovery, can be restored',
  severity: 'high',
  category: 'backup',
  rationale: 'A wrong delete, a bad migration or an attacker is survived with a recent backup and not without one.',
  remediation: {
    steps: [
      'Look under Database, Backups for failed or missing backups.',
      'On the free plan upgrade to one with daily backups; for less loss add point-in-time recovery.',
      'Restore one into a new project once, to know that it works.',
    ],
    url: 'https://supabase.com/docs/guides/platform/backups',
  },
  soc2: { criteria: ['A1.2'], own: true },
  reads: { backups, organization },
  evaluate: ({ backups: answer, organization: { plan } }, { now }) => {
    if (answer.pitr_enabled === true) return pass('Point-in-time recovery is on.', { pitr_enabled: true })
    if (!answer.backups) return unverified('Supabase\'s answer held no list of backups.')

    const completed = answer.backups.filter(backup => backup.status === 'COMPLETED')
    const times = completed.map(backup => Date.parse(backup.inserted_at ?? ''))
    const newest = Math.max(...times.filter(time => Number.isFinite(time)))
    const evidence = {
      pitr_enabled: answer.pitr_enabled ?? null,
      completed_backups: completed.length,
      newest_completed_at: Number.isFinite(newest) ? new Date(newest).toISOString() : null,
      plan: plan ?? null,
    }
    const age = now.getTime() - newest
    if (age <= oldest && age > -hour) return pass('The newest backup is less than 26 hours old.', evidence)
    if (typeof answer.pitr_enabled !== 'boolean') return unverified('Supabase\'s answer did not say whether point-in-time recovery is on.', evidence)
    if (times.some(time => !Number.isFinite(time)) || age < 0) return unverified('A backup\'s time could not be read.', evidence)
    const strange = answer.backups.filter(({ status }) => status !== 'COMPLETED' && !unusable.includes(status ?? ''))
    if (strange.length > 0) return unverified('Supabase did not say, in words that are known, how every backup ended.', evidence)
    if (completed.length === 0) return fail(plan === 'free' ? 'There is no backup: the free plan makes none.' : 'There is no completed backup.', evidence)
    return fail(`The newest completed backup is ${Math.floor(age / hour)} hours old.`, evidence)
  },
})
