import { defineCheck } from '../../contract'
import { pass, unverified } from '../../verdict'
import { auditLog } from '../endpoints'
import { timeOf } from '../members'

export const auditTrail = defineCheck({
  id: 'netlify_audit_trail',
  title: 'The team\'s audit log is kept and can be read',
  severity: 'low',
  category: 'monitoring',
  rationale: 'Who changed a variable, a domain or a member can only be said afterwards if it was written down and if somebody is able to look.',
  remediation: {
    steps: [
      'Let somebody with a role that may read it connect, and look at Logs & metrics, Audit log.',
      'Send it to your own log storage if the plan keeps it for too short a time.',
    ],
    url: 'https://docs.netlify.com/monitor-sites/logs/',
  },
  soc2: { criteria: ['CC7.2'], own: true },
  iso27001: { controls: ['A.8.15'], own: true },
  kinds: ['account'],
  reads: { auditLog },
  evaluate: ({ auditLog: entries }, { now }) => {
    if (entries.length === 0) return unverified('The audit log is empty, which no team\'s is: it may not be shown to this person.')
    const times = entries.map(entry => timeOf(entry.payload?.timestamp)).filter(time => time !== undefined)
    const newest = Math.max(...times)
    if (times.length === 0 || newest > now.getTime() + 3_600_000) return unverified('The audit log\'s entries carry no time that can be read.')
    return pass('The audit log can be read.', { newest_entry: new Date(newest).toISOString() })
  },
})
