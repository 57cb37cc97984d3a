import { defineCheck } from '../../contract'
import { capped, fail, pass, plural, sentence, unverified } from '../../verdict'
import { members } from '../endpoints'
import { describeMember, hasLogin, timeOf } from '../members'

const day = 86_400_000
/** Own thresholds. */
const longestAway = 90 * day
const longestInvited = 30 * day

export const staleMembers = defineCheck({
  id: 'netlify_stale_members',
  title: 'No member is dormant, and no invitation old',
  severity: 'low',
  category: 'access_control',
  rationale: 'An account that nobody uses is one whose theft nobody notices; an old invitation is a door whose key lies in a mailbox.',
  remediation: {
    steps: [
      'Ask whether the members named in the evidence still need access, and remove those who do not.',
      'Withdraw invitations that were not taken up for a month.',
    ],
    url: 'https://docs.netlify.com/accounts-and-billing/team-management/manage-team-members',
  },
  soc2: { criteria: ['CC6.2', 'CC6.3'], own: true },
  iso27001: { controls: ['A.5.18'], own: true },
  kinds: ['account'],
  reads: { members },
  evaluate: ({ members: all }, { now }) => {
    if (all.length === 0) return unverified('Netlify\'s answer named no member.')
    const age = (value: string | null | undefined) => {
      const time = timeOf(value)
      return time === undefined ? undefined : now.getTime() - time
    }
    const rows = all.map(member => ({
      member,
      // Whether somebody is invited or in decides what to look at: unstated, neither is known.
      pending: member.pending,
      age: age(member.pending === true ? member.created_at : member.last_activity_date),
    })).filter(({ member, pending }) => pending !== false || hasLogin(member))
    const dormant = rows.filter(row => row.pending === false && row.age !== undefined && row.age > longestAway)
    const waiting = rows.filter(row => row.pending === true && row.age !== undefined && row.age > longestInvited)
    const unread = rows.filter(row => typeof row.pending !== 'boolean' || row.age === undefined)
    const evidence = {
      members: all.length,
      ...(dormant.length > 0 && { dormant: capped(dormant.map(({ member }) => describeMember(member))) }),
      ...(waiting.length > 0 && { invited: capped(waiting.map(({ member }) => describeMember(member))) }),
      ...(unread.length > 0 && { unread: capped(unread.map(({ member }) => describeMember(member))) }),
    }
    const wrong = [
      ...(dormant.length > 0 ? [`${plural(dormant.length, 'member was', 'members were')} not active for 90 days`] : []),
      ...(waiting.length > 0 ? [`${plural(waiting.length, 'invitation is', 'invitations are')} older than 30 days`] : []),
    ]
    if (wrong.length > 0) return fail(sentence(wrong), evidence)
    if (unread.length > 0) return unverified(`Netlify's answer did not say when ${plural(unread.length, 'member')} was last active.`, evidence)
    return pass('Every member was active within 90 days.', evidence)
  },
})
