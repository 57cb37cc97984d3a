import { defineCheck } from '../../contract'
import { preferences } from '../endpoints'
import { ofWholeOrganization } from '../preferences'
import { fail, pass, unverified } from '../../verdict'

/** Slack documents no list. These are in its own clients: `ra` are all accounts, guests included, `regular` all but guests. */
const everybody: readonly string[] = ['ra', 'regular', 'everyone']
const few: readonly string[] = ['admin', 'owner', 'type:admin', 'type:owner']

export const generalPosting = defineCheck({
  id: 'slack_general_posting',
  title: 'Only some may post in #general',
  severity: 'low',
  category: 'access_control',
  rationale: 'Everybody is in #general, and a message there looks like an announcement. That is where a taken account does the most harm.',
  remediation: {
    steps: [
      'Open #general, its settings, and edit the posting permissions.',
      'Choose owners and admins, or the people who announce things.',
    ],
    url: 'https://slack.com/help/articles/360004635551-Manage-channel-posting-permissions',
  },
  soc2: { criteria: ['CC6.3'], own: true },
  reads: { preferences },
  evaluate: ({ preferences: { who_can_post_general: who } }, { resource }) => {
    const other = ofWholeOrganization(resource)
    if (other) return other
    const named = who?.split(',').map(one => one.trim()).filter(Boolean) ?? []
    const evidence = { who_can_post_general: who?.slice(0, 200) ?? null }
    if (named.some(one => everybody.includes(one))) return fail('Everybody may post in #general.', evidence)
    const known = named.every(one => few.includes(one) || /^user:[A-Z0-9]+$/.test(one))
    if (named.length === 0 || !known) return unverified('Slack did not say, in words that are known, who may post in #general.', evidence)
    return pass('Only some may post in #general.', evidence)
  },
})
