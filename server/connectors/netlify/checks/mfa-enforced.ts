import { defineCheck } from '../../contract'
import { fail, notApplicable, pass, unverified } from '../../verdict'
import { accounts } from '../endpoints'

/** The policies that Netlify documents short of enforcing: none, and encouraging. */
const loose = ['not_enforced', 'none', 'encouraged']

export const mfaEnforced = defineCheck({
  id: 'netlify_mfa_enforced',
  title: 'The team enforces a second factor',
  severity: 'medium',
  category: 'auth',
  rationale: 'Members come and go, and switch their second factor off again. Only a rule of the team keeps it on for everybody.',
  remediation: {
    steps: [
      'As an owner open Team settings, Access & security, Two-factor authentication.',
      'Choose Encouraged first if members need time, then Enforced.',
      'If you sign in through an identity provider, enforce single sign-on instead.',
    ],
    url: 'https://docs.netlify.com/security/secure-netlify-access/enforce-2fa/',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.8.5'], own: true },
  kinds: ['account'],
  reads: { accounts },
  evaluate: ({ accounts: all }, { resource }) => {
    const team = all.find(account => account.id === resource.externalId)
    if (!team) return unverified('Netlify no longer lists this team for the person who connected.')
    const evidence = { enforce_mfa: team.enforce_mfa?.slice(0, 40) ?? null, enforce_saml: team.enforce_saml?.slice(0, 40) ?? null }
    if (team.enforce_mfa === 'enforced') return pass('The team enforces a second factor.', evidence)
    if (team.enforce_saml === 'enforced') return notApplicable('Members sign in through the team\'s identity provider only.', evidence)
    if (!team.enforce_mfa) return unverified('Netlify\'s answer did not say whether the team enforces a second factor.', evidence)
    if (!loose.includes(team.enforce_mfa)) return unverified('What the team enforces is not known to us.', evidence)
    if (team.enforce_saml && !loose.includes(team.enforce_saml)) return unverified('Whether members can sign in past the team\'s identity provider is not known to us.', evidence)
    return fail('The team does not enforce a second factor.', evidence)
  },
})
