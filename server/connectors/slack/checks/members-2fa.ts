import { defineCheck } from '../../contract'
import { membersAsAdmin, workspace } from '../endpoints'
import { nameOf, peopleOf } from '../people'
import { factorUrl, failUnlessSso, hidden, hiddenAnswer } from '../second-factor'
import { capped, pass, plural, unverified } from '../../verdict'

export const members2fa = defineCheck({
  id: 'slack_members_2fa',
  title: 'Everybody in the workspace uses a second factor',
  severity: 'high',
  category: 'auth',
  rationale: 'One stolen password opens the conversations and files of everything that its owner can see. A second factor stops that.',
  remediation: {
    steps: [
      'Open Workspace settings, Authentication, and expand two-factor authentication for your workspace.',
      'Activate it for everybody, guests included: whoever has none is asked at the next sign-in.',
      'With single sign-on, ask for the second factor at the identity provider.',
    ],
    url: factorUrl,
  },
  soc2: { criteria: ['CC6.1'], own: true },
  reads: { members: membersAsAdmin, workspace },
  evaluate: ({ members: { members }, workspace: { team } }, { resource }) => {
    const { active, invited, external } = peopleOf(members, resource)
    // Whoever connected is a member: an empty list is an answer that hides something.
    if (active.length === 0) return unverified('Slack named nobody in this workspace.')
    if (hidden(active)) return hiddenAnswer
    const without = active.filter(one => one.has_2fa === false)
    const unread = active.filter(one => typeof one.has_2fa !== 'boolean')
    const evidence = {
      people: active.length,
      invited,
      external,
      without_second_factor: capped(without.map(nameOf)),
      ...(unread.length > 0 && { unread: capped(unread.map(nameOf)) }),
    }
    if (without.length > 0) return failUnlessSso(team, `${plural(without.length, 'person uses', 'people use')} no second factor.`, evidence)
    if (unread.length > 0) return unverified(`Slack did not say for ${plural(unread.length, 'person', 'people')} whether a second factor is used.`, evidence)
    return pass('Everybody uses a second factor.', evidence)
  },
})
