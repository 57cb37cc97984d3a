import { defineCheck } from '../../contract'
import { membersAsAdmin, workspace } from '../endpoints'
import { isAdmin, nameOf, peopleOf } from '../people'
import { factorUrl, failUnlessSso, hidden, hiddenAnswer } from '../second-factor'
import { capped, pass, plural, unverified } from '../../verdict'

export const admins2fa = defineCheck({
  id: 'slack_admins_2fa',
  title: 'Owners and admins use an app as their second factor',
  severity: 'critical',
  category: 'auth',
  rationale: 'An owner or admin can invite anybody, install apps and export data. A code by text message can be redirected; one from an app can not.',
  remediation: {
    steps: [
      'Ask those named in the evidence to set up an authenticator app in their account settings.',
      'In Workspace settings, Authentication, require an authenticator app, so that text messages no longer count.',
    ],
    url: factorUrl,
  },
  soc2: { criteria: ['CC6.1', 'CC6.3'], own: true },
  reads: { members: membersAsAdmin, workspace },
  evaluate: ({ members: { members }, workspace: { team } }, { resource }) => {
    const { active } = peopleOf(members, resource)
    if (hidden(active)) return active.length === 0 ? unverified('Slack named nobody in this workspace.') : hiddenAnswer
    const admins = active.filter(one => isAdmin(one) === true)
    const roleless = active.filter(one => isAdmin(one) === undefined)
    const without = admins.filter(one => one.has_2fa === false)
    const byText = admins.filter(one => one.has_2fa === true && one.two_factor_type === 'sms')
    const good = admins.filter(one => one.has_2fa === true && one.two_factor_type === 'app')
    const unread = admins.length - without.length - byText.length - good.length
    const evidence = {
      owners_and_admins: admins.length,
      without_second_factor: capped(without.map(nameOf)),
      by_text_message: capped(byText.map(nameOf)),
      ...(roleless.length > 0 && { role_unread: capped(roleless.map(nameOf)) }),
    }
    if (without.length + byText.length > 0) {
      return failUnlessSso(team, `${plural(without.length + byText.length, 'owner or admin uses', 'owners and admins use')} no second factor, or one by text message.`, evidence)
    }
    if (unread > 0) return unverified(`Slack did not say for ${plural(unread, 'owner or admin', 'owners and admins')} which second factor is used.`, evidence)
    // Every workspace has a primary owner.
    if (admins.length === 0 || roleless.length > 0) return unverified('Slack did not say who is an owner or admin.', evidence)
    return pass('Every owner and admin uses an app as second factor.', evidence)
  },
})
