import { defineCheck } from '../../contract'
import { fail, pass, unverified } from '../../verdict'
import { detectors } from '../endpoints'

export const guarddutyEnabled = defineCheck({
  id: 'aws_guardduty_enabled',
  title: 'GuardDuty watches the region',
  severity: 'high',
  category: 'monitoring',
  rationale: 'GuardDuty sees keys that are used from strange places, machines that mine coins, and people who look around. Without it nobody does.',
  remediation: {
    steps: [
      'Open GuardDuty in the region and enable it; in an organization, enable it for all accounts from the delegated administrator.',
      'Send its findings to where somebody reads them.',
    ],
    url: 'https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_settingup.html',
  },
  soc2: { criteria: ['CC3.1', 'CC6.8', 'CC7.1', 'CC7.2', 'CC7.3', 'CC7.4'], own: false },
  iso27001: { controls: ['A.8.16'], own: true },
  kinds: ['region'],
  reads: { detectors },
  evaluate: ({ detectors: all }) => {
    if (all.length === 0) return fail('GuardDuty is not enabled in this region.')
    if (all.some(detector => detector.Status === 'ENABLED')) return pass('GuardDuty watches this region.')
    if (!all.every(detector => detector.Status === 'DISABLED')) return unverified('GuardDuty\'s answer did not say whether it is on.')
    return fail('GuardDuty is switched off in this region.')
  },
})
