import { defineCheck } from '../../contract'
import { capped, fail, pass, unverified } from '../../verdict'
import { cis } from '../cis'
import { trails } from '../endpoints'

export const cloudtrailEnabled = defineCheck({
  id: 'aws_cloudtrail_enabled',
  title: 'A trail logs all regions, and its files can be validated',
  severity: 'high',
  category: 'monitoring',
  rationale: 'After an incident the trail is what tells who did what. A region that is not logged is where an intruder works, and files without digests can be changed unseen.',
  remediation: {
    steps: [
      'In CloudTrail create a trail, or edit the one that there is: all regions, log file validation enabled.',
      'Start its logging, and let it write to a bucket that only few may change, better in another account.',
    ],
    url: 'https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-create-and-update-a-trail.html',
  },
  soc2: { criteria: ['CC2.1', 'CC7.2', 'CC7.3'], own: false },
  cis: cis(['3.1', '3.2'], ['4.1', '4.2']),
  iso27001: { controls: ['A.8.15'], own: true },
  kinds: ['account'],
  reads: { trails },
  evaluate: ({ trails: all }) => {
    if (all.length === 0) return fail('There is no trail.', { trails: 0 })
    const wanted = all.map(trail => ({ trail, points: [trail.IsMultiRegionTrail, trail.IsLogging, trail.LogFileValidationEnabled] }))
    const good = wanted.find(({ points }) => points.every(point => point === true))
    // Encrypted with a key of one's own is more than is asked for here: a note.
    const evidence = { trails: all.length, names: capped(all.map(trail => trail.Name?.slice(0, 128) ?? '?')), encrypted_with_own_key: (good?.trail ?? all[0])?.KmsKeyId ?? false }
    if (good) return pass('A trail logs all regions, and its files can be validated.', { ...evidence, organization_trail: good.trail.IsOrganizationTrail ?? null })
    if (wanted.some(({ points }) => !points.includes(false))) return unverified('CloudTrail\'s answer did not say whether a trail logs all regions.', evidence)
    const closest = wanted.map(({ trail }) => trail).find(trail => trail.IsMultiRegionTrail) ?? all[0]
    const why = closest?.IsMultiRegionTrail !== true ? 'No trail covers all regions.' : closest.IsLogging === false ? 'The trail of all regions does not log at present.' : 'The files of the trail of all regions can\'t be validated.'
    return fail(why, evidence)
  },
})
