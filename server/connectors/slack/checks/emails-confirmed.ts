import { defineCheck } from '../../contract'
import { members } from '../endpoints'
import { nameOf, peopleOf } from '../people'
import { capped, fail, pass, plural, unverified } from '../../verdict'

export const emailsConfirmed = defineCheck({
  id: 'slack_emails_confirmed',
  title: 'Everybody has confirmed their email address',
  severity: 'medium',
  category: 'auth',
  rationale: 'Password resets and sign-in codes go to the address of an account. One that nobody has confirmed may be anybody\'s.',
  remediation: {
    steps: [
      'Ask those named in the evidence to confirm their address from Slack\'s mail.',
      'Deactivate accounts that nobody answers for.',
    ],
    url: 'https://slack.com/help/articles/204475027-Deactivate-a-members-account',
  },
  soc2: { criteria: ['CC6.1', 'CC6.2'], own: true },
  reads: { members },
  evaluate: ({ members: { members } }, { resource }) => {
    const { active, invited } = peopleOf(members, resource)
    if (active.length === 0) return unverified('Slack named nobody in this workspace.')
    const open = active.filter(one => one.is_email_confirmed === false)
    const unread = active.filter(one => typeof one.is_email_confirmed !== 'boolean').length
    const evidence = { people: active.length, invited, unconfirmed: capped(open.map(nameOf)), ...(unread > 0 && { unread }) }
    if (open.length > 0) return fail(`${plural(open.length, 'person has', 'people have')} not confirmed their address.`, evidence)
    if (unread > 0) return unverified(`Slack did not say for ${plural(unread, 'person', 'people')} whether the address is confirmed.`, evidence)
    return pass('Everybody has confirmed their address.', evidence)
  },
})
