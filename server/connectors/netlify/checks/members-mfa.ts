import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { members } from '../endpoints'
import { describeMember, hasLogin } from '../members'

export const membersMfa = defineCheck({
  id: 'netlify_members_mfa',
  title: 'Every member of the team has a second factor',
  severity: 'high',
  category: 'auth',
  rationale: 'Whoever gets hold of one member\'s password can publish to production and read the variables. A second factor stops that.',
  remediation: {
    steps: [
      'Ask the members named in the evidence to switch on two-factor authentication in their user settings.',
      'Enforce it for the team, so that it stays that way.',
    ],
    url: 'https://docs.netlify.com/security/secure-netlify-access/enforce-2fa/',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.8.5'], own: true },
  kinds: ['account'],
  reads: { members },
  evaluate: ({ members: all }) => {
    if (all.length === 0) return unverified('Netlify\'s answer named no member.')
    const present = all.filter(member => member.pending !== true && hasLogin(member))
    // Their second factor is the identity provider's matter, and Netlify does not see it.
    const asked = present.filter(member => member.managed_by_directory_sync !== true)
    if (asked.length === 0) return notApplicable('Every member signs in elsewhere or not at all.', { members: all.length, by_directory: present.length })
    const without = asked.filter(member => member.mfa_enabled === false)
    const unread = asked.filter(member => typeof member.mfa_enabled !== 'boolean')
    const evidence = {
      members: all.length,
      by_directory: present.length - asked.length,
      ...(without.length > 0 && { without: capped(without.map(describeMember)) }),
      ...(unread.length > 0 && { unread: capped(unread.map(describeMember)) }),
    }
    if (without.length > 0) return fail(`${plural(without.length, 'member uses', 'members use')} no second factor.`, evidence)
    if (unread.length > 0) return unverified(`Netlify's answer did not say whether ${plural(unread.length, 'member')} has a second factor.`, evidence)
    return pass('Every member who signs in at Netlify has a second factor.', evidence)
  },
})
