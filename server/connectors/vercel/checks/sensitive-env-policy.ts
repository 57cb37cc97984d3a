import { defineCheck } from '../../contract'
import { teamOf } from '../endpoints'
import { limitedView } from '../team-view'
import { fail, pass, unverified } from '../../verdict'

export const sensitiveEnvPolicy = defineCheck({
  id: 'vercel_sensitive_env_policy',
  title: 'New environment variables of the team can be read by nobody',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'Without the policy it is up to each person to store a secret as sensitive, and the one that was forgotten can be read by every member.',
  remediation: {
    steps: [
      'Open the team\'s Settings, Security & Privacy.',
      'Switch on Enforce Sensitive Environment Variables.',
      'Existing variables stay as they are: store the secrets among them anew.',
    ],
    url: 'https://vercel.com/docs/environment-variables/sensitive-environment-variables',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['5.17'], own: true },
  kinds: ['team'],
  reads: { team: teamOf },
  evaluate: ({ team }) => {
    const limited = limitedView(team)
    if (limited) return limited
    const policy = team.sensitiveEnvironmentVariablePolicy
    const evidence = { sensitiveEnvironmentVariablePolicy: policy ?? null }
    if (policy === 'on') return pass('The policy is on.', evidence)
    if (policy === 'off' || policy === 'default') return fail('The policy is not on.', evidence)
    return unverified('Vercel did not say whether the policy is on.', evidence)
  },
})
