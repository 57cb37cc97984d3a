import { defineCheck } from '../../contract'
import { coverageOf } from '../coverage'
import { teamOf } from '../endpoints'
import { limitedView } from '../team-view'
import { fail, notApplicable, pass, unverified } from '../../verdict'

export const defaultProtection = defineCheck({
  id: 'vercel_default_protection',
  title: 'The team\'s own default protects the deployments of new projects',
  severity: 'medium',
  category: 'access_control',
  rationale: 'A new project starts with the team\'s default. If that is off, every project is open until somebody thinks of it.',
  remediation: {
    steps: [
      'Open the team\'s Settings, Deployment Protection.',
      'Set the default of new projects to Vercel Authentication with Standard Protection.',
    ],
    url: 'https://vercel.com/docs/deployment-protection',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['8.9'], own: true },
  kinds: ['team'],
  reads: { team: teamOf },
  evaluate: ({ team }) => {
    const limited = limitedView(team)
    if (limited) return limited
    const own = team.defaultDeploymentProtection
    if (own === null) return notApplicable('The team has set no default of its own: Vercel\'s applies.')
    if (own === undefined) return unverified('Vercel\'s answer about the default could not be read.')
    const evidence = { ssoProtection: own.ssoProtection?.deploymentType ?? null, passwordProtection: own.passwordProtection?.deploymentType ?? null }
    const covers = [own.ssoProtection, own.passwordProtection].map(protection => protection ? coverageOf(protection.deploymentType) : protection)
    if (covers.includes('all')) return pass('New projects are protected.', evidence)
    if (covers.includes(undefined)) return unverified('Vercel did not say how new projects are protected.', evidence)
    return covers.includes('part') ? fail('Only a part of the addresses of new projects is protected.', evidence) : fail('New projects are not protected.', evidence)
  },
})
