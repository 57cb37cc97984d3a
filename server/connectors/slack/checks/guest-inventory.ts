import { defineCheck } from '../../contract'
import { members } from '../endpoints'
import { isGuest, nameOf, peopleOf } from '../people'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

/** Own threshold: one guest for every four members. */
const mostOf = (people: number) => people / 5

export const guestInventory = defineCheck({
  id: 'slack_guest_inventory',
  title: 'At most one in five people is a guest',
  severity: 'low',
  category: 'access_control',
  rationale: 'Guests are people of other companies with an account of yours. Where there are many, nobody notices the one whose work ended a year ago.',
  remediation: {
    steps: [
      'Under Manage members filter by guests and go through those named in the evidence.',
      'Deactivate who is no longer needed, and set an end date for the others.',
    ],
    url: 'https://slack.com/help/articles/202518103-Understand-guest-roles-in-Slack',
  },
  soc2: { criteria: ['CC6.2'], own: true },
  reads: { members },
  evaluate: ({ members: { members } }, { resource }) => {
    const { active } = peopleOf(members, resource)
    if (active.length === 0) return unverified('Slack named nobody in this workspace.')
    const guests = active.filter(isGuest)
    const unread = active.filter(one => !isGuest(one) && (one.is_restricted !== false || one.is_ultra_restricted !== false)).length
    const evidence = { people: active.length, guests: capped(guests.map(nameOf)), ...(unread > 0 && { unread }) }
    const said = `${guests.length} of ${active.length} people ${guests.length === 1 ? 'is a guest' : 'are guests'}.`
    if (guests.length > mostOf(active.length)) return fail(said, evidence)
    if (unread > 0) return unverified(`Slack did not say of ${plural(unread, 'person', 'people')} whether they are guests.`, evidence)
    return guests.length === 0 ? notApplicable('There is no guest.', evidence) : pass(said, evidence)
  },
})
