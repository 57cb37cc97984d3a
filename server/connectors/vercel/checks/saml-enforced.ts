import { defineCheck } from '../../contract'
import { teamOf } from '../endpoints'
import { limitedView } from '../team-view'
import { fail, notApplicable, pass, unverified } from '../../verdict'

export const samlEnforced = defineCheck({
  id: 'vercel_saml_enforced',
  title: 'Members sign in through the organization\'s single sign-on',
  severity: 'high',
  category: 'auth',
  rationale: 'Unless it is enforced, members keep signing in with accounts of their own, which stay open after they leave and follow no rule of the organization.',
  remediation: {
    steps: [
      'Open the team\'s Settings, Security & Privacy, and connect the identity provider under SAML Single Sign-On.',
      'Have every member sign in through it once, then switch on Require Team Members to login with SAML.',
    ],
    url: 'https://vercel.com/docs/saml',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['5.16', '8.5'], own: true },
  kinds: ['team'],
  reads: { team: teamOf },
  evaluate: ({ team }) => {
    const limited = limitedView(team)
    if (limited) return limited
    const { saml } = team
    const plan = team.billing?.plan ?? null
    const evidence = { plan, connected: saml === undefined ? null : Boolean(saml?.connection), enforced: saml?.enforced ?? null }
    if (saml === undefined || (saml !== null && saml.connection === undefined)) return unverified('Vercel\'s answer about single sign-on could not be read.', evidence)
    if (saml?.connection) {
      if (saml.enforced === true) return pass('Single sign-on is enforced.', evidence)
      if (saml.enforced === false) return fail('Single sign-on is connected but not enforced.', evidence)
      return unverified('Vercel did not say whether single sign-on is enforced.', evidence)
    }
    if (plan === 'enterprise') return fail('No identity provider is connected.', evidence)
    // On Pro it is bought separately; whether it was, nothing says.
    if (plan === 'hobby' || plan === 'pro') return notApplicable('No identity provider is connected, and the plan does not include single sign-on.', evidence)
    return unverified('No identity provider is connected, and Vercel did not say whether the plan has single sign-on.', evidence)
  },
})
