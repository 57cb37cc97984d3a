import { defineCheck } from '../../contract'
import { workspace } from '../endpoints'
import { publicMailDomains } from '../mail-domains'
import { capped, fail, pass, unverified } from '../../verdict'

export const signUpClosed = defineCheck({
  id: 'slack_sign_up_closed',
  title: 'Nobody can join with an address of a public mail provider',
  severity: 'high',
  category: 'access_control',
  rationale: 'Whoever has an address at an approved domain joins without an invitation. If that domain gives addresses to everybody, everybody can join.',
  remediation: {
    steps: [
      'In Workspace settings, Settings expand Joining This Workspace.',
      'Remove the domains named in the evidence; leave your own, or let people join by invitation only.',
      'Look through the members for accounts that should not be there.',
    ],
    url: 'https://slack.com/help/articles/115004856503-Manage-how-people-join-your-workspace',
  },
  soc2: { criteria: ['CC6.1', 'CC6.2'], own: true },
  reads: { workspace },
  evaluate: ({ workspace: { team } }) => {
    if (typeof team.email_domain !== 'string') return unverified('Slack did not say with which addresses people may join.')
    const domains = team.email_domain.split(',').map(domain => domain.trim().toLowerCase().replace(/^@/, '')).filter(Boolean)
    const open = domains.filter(domain => publicMailDomains.has(domain))
    const evidence = { approved_domains: capped(domains), public_mail_providers: capped(open) }
    if (open.length > 0) return fail(`Anybody with an address at ${capped(open, 5).shown.join(', ')} can join.`, evidence)
    return pass(domains.length === 0 ? 'People join by invitation only.' : 'People join by invitation, or with an address of the approved domains.', evidence)
  },
})
