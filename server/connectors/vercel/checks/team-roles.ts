import { defineCheck } from '../../contract'
import { members } from '../endpoints'
import { capped, fail, pass, plural, sentence, unverified } from '../../verdict'

const day = 86_400_000
/** Own thresholds: more than three owners who are more than a fifth of the team; invitations of more than thirty days. */
const fewOwners = 3
const ownerShare = 0.2
const oldestInvitation = 30

export const teamRoles = defineCheck({
  id: 'vercel_team_roles',
  title: 'Few members own the team, and no invitation is left open',
  severity: 'medium',
  category: 'access_control',
  rationale: 'An owner can delete projects, read every setting and add others. An open invitation is an account that nobody watches yet.',
  remediation: {
    steps: [
      'Open the team\'s Settings, Members, and give owners who do not need it another role.',
      'Revoke invitations and requests that nobody took up.',
    ],
    url: 'https://vercel.com/docs/rbac/managing-team-members',
  },
  soc2: { criteria: ['CC6.2', 'CC6.3'], own: true },
  iso27001: { controls: ['5.18', '8.2'], own: true },
  kinds: ['team'],
  reads: { members },
  evaluate: ({ members: { members: list, emailInviteCodes } }, { now }) => {
    // A team has an owner: an empty list is an answer that hides something.
    if (!list || list.length === 0) return unverified('Vercel named no member of the team.')
    const isOld = (createdAt: number | null | undefined) => now.getTime() - (createdAt ?? Number.NaN) > oldestInvitation * day
    const owners = list.filter(member => member.role === 'OWNER')
    const waiting = list.filter(member => member.confirmed === false)
    const invitations = (emailInviteCodes ?? []).filter(invitation => invitation.expired !== true)
    const stale = [...waiting, ...invitations].filter(one => isOld(one.createdAt)).length
    const tooMany = owners.length > fewOwners && owners.length > list.length * ownerShare
    const evidence = {
      members: list.length,
      owners: capped(owners.map(member => member.username ?? 'unnamed')),
      waiting: waiting.length,
      invitations: invitations.length,
      older_than_30_days: stale,
    }
    const wrong = [
      ...(tooMany ? [`${owners.length} of ${list.length} members own the team`] : []),
      ...(stale > 0 ? [`${plural(stale, 'invitation is', 'invitations are')} older than ${oldestInvitation} days`] : []),
    ]
    if (wrong.length > 0) return fail(sentence(wrong), evidence)
    const unread = list.some(member => !member.role || typeof member.confirmed !== 'boolean') || emailInviteCodes === undefined
      || [...waiting, ...invitations].some(one => typeof one.createdAt !== 'number')
    if (unread) return unverified('Vercel did not say the role and state of every member and invitation.', evidence)
    return pass('Few members own the team, and no invitation is old.', evidence)
  },
})
