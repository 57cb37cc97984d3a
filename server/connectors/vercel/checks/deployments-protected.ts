import { defineCheck } from '../../contract'
import { coverageOf } from '../coverage'
import { projectOf } from '../endpoints'
import { fail, pass, unverified } from '../../verdict'

const methods = ['ssoProtection', 'passwordProtection', 'passport', 'trustedIps'] as const

export const deploymentsProtected = defineCheck({
  id: 'vercel_deployments_protected',
  title: 'Generated and preview addresses are not open to everybody',
  severity: 'high',
  category: 'access_control',
  rationale: 'Every deployment gets an address of its own. Unfinished work, test data and old versions can be read there by anybody who has or guesses it.',
  remediation: {
    steps: [
      'Open the project\'s Settings, Deployment Protection.',
      'Switch on Vercel Authentication with Standard Protection; it is on every plan and leaves the production domain public.',
      'Give tests and partners a bypass of their own instead of switching it off.',
    ],
    url: 'https://vercel.com/docs/deployment-protection',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['8.3'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project }) => {
    const set = methods.flatMap((method) => {
      const { deploymentType } = project[method] ?? {}
      return project[method] ? [{ method, covers: deploymentType ?? null }] : []
    })
    const evidence = Object.fromEntries(set.map(({ method, covers }) => [method, covers]))
    if (set.some(({ covers }) => coverageOf(covers) === 'all')) return pass('Generated and preview addresses are protected.', evidence)
    const unread = methods.filter(method => project[method] === undefined)
    if (unread.length > 0) return unverified(`Vercel's answer did not say ${unread.join(', ')}.`, evidence)
    if (set.some(({ covers }) => coverageOf(covers) === undefined)) return unverified('Vercel did not say which deployments are protected.', evidence)
    if (set.length > 0) return fail('Only a part of the generated addresses is protected.', evidence)
    return fail('No deployment is protected.', evidence)
  },
})
