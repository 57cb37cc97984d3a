import { defineCheck } from '../../contract'
import { members } from '../endpoints'
import { isAdmin, nameOf, peopleOf } from '../people'
import { capped, fail, pass, plural, unverified } from '../../verdict'

const least = 2
/** Own threshold: four, and in large workspaces one in twenty. */
const most = (people: number) => Math.max(4, Math.floor(people / 20))

export const adminCount = defineCheck({
  id: 'slack_admin_count',
  title: 'At least two and not too many people administer the workspace',
  severity: 'medium',
  category: 'access_control',
  rationale: 'A single owner who leaves takes the workspace along. Every further owner or admin is another account that opens everything.',
  remediation: {
    steps: [
      'Under Manage members sort by account type and look at the owners and admins named in the evidence.',
      'Change those who do not administer into regular members; where there is one only, promote a second.',
    ],
    url: 'https://slack.com/help/articles/218124397-Change-a-members-role',
  },
  soc2: { criteria: ['CC6.3'], own: true },
  reads: { members },
  evaluate: ({ members: { members } }, { resource }) => {
    const { active } = peopleOf(members, resource)
    const admins = active.filter(one => isAdmin(one) === true)
    const unread = active.filter(one => isAdmin(one) === undefined).length
    const limit = most(active.length)
    const evidence = { people: active.length, at_most: limit, owners_and_admins: capped(admins.map(nameOf)), ...(unread > 0 && { unread }) }
    if (admins.length > limit) return fail(`${plural(admins.length, 'person administers', 'people administer')} the workspace; ${limit} are enough.`, evidence)
    if (active.length === 0 || unread > 0) return unverified('Slack did not say who is an owner or admin.', evidence)
    // Every workspace has a primary owner: a list without one hides something.
    if (admins.length === 0) return unverified('Slack named no owner.', evidence)
    if (admins.length < least) return fail('Only one person administers the workspace.', evidence)
    return pass(`${admins.length} people administer the workspace.`, evidence)
  },
})
