import { defineCheck } from '../../contract'
import { members } from '../endpoints'
import { capped, fail, pass, plural, unverified } from '../../verdict'

export const orgMembersMfa = defineCheck({
  id: 'supabase_org_members_mfa',
  title: 'Every member of the Supabase organization uses a second factor',
  severity: 'high',
  category: 'access_control',
  rationale: 'A member of the organization can read the database, its keys and its backups. One member\'s stolen password is enough.',
  remediation: {
    steps: [
      'Ask the members named in the evidence to set up a second factor in their Supabase account\'s security settings.',
      'Enforce it for everybody in the organization\'s security settings where the plan offers that.',
    ],
    url: 'https://supabase.com/docs/guides/platform/multi-factor-authentication',
  },
  soc2: { criteria: ['CC6.1', 'CC6.2'], own: true },
  reads: { members },
  evaluate: ({ members }) => {
    // An organization has an owner: an empty list is an answer that hides something.
    if (members.length === 0) return unverified('Supabase named no member of the organization.')
    const without = members.filter(member => member.mfa_enabled === false)
    const unread = members.filter(member => typeof member.mfa_enabled !== 'boolean').length
    const evidence = {
      members: members.length,
      without_second_factor: capped(without.map(member => `${member.user_name ?? 'unnamed'} (${member.role_name ?? 'role not stated'})`)),
    }
    if (without.length > 0) return fail(`${plural(without.length, 'member uses', 'members use')} no second factor.`, evidence)
    if (unread > 0) return unverified(`Supabase did not say for ${plural(unread, 'member')} whether a second factor is used.`, evidence)
    return pass('Every member uses a second factor.', evidence)
  },
})
