import { defineCheck } from '../../contract'
import { projectOf } from '../endpoints'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

const day = 86_400_000
/** Own threshold, in days: a secret that is older was forgotten or is due for rotation. */
const oldest = 180
/** Matches every address: an OPTIONS allow-list names what a path begins with. */
const everything = /^\/?\*{0,2}$/

export const protectionBypass = defineCheck({
  id: 'vercel_protection_bypass',
  title: 'Ways around deployment protection are rotated, and none is open for every path',
  severity: 'medium',
  category: 'access_control',
  rationale: 'A bypass secret opens every deployment of the project to whoever holds it, without a sign-in and for ever. Forgotten ones stay in logs and old pipelines.',
  remediation: {
    steps: [
      'Open the project\'s Settings, Deployment Protection, Protection Bypass for Automation.',
      'Delete secrets that nobody uses; replace the others, and deploy again, as a deployment keeps the one it was built with.',
      'Under OPTIONS Allowlist name the paths that need it instead of /.',
    ],
    url: 'https://vercel.com/docs/deployment-protection/methods-to-bypass-deployment-protection/protection-bypass-automation',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['5.17'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project: { protectionBypass: bypasses, optionsAllowlist } }, { now }) => {
    const paths = optionsAllowlist?.paths.map(path => path.value) ?? []
    const ages = (bypasses ?? []).map(({ createdAt }) => Math.floor((now.getTime() - (createdAt ?? Number.NaN)) / day))
    const old = ages.filter(age => age > oldest).length
    const evidence = { bypasses: ages.length, older_than_180_days: old, options_paths: capped(paths) }
    if (paths.some(path => everything.test(path))) return fail('OPTIONS requests pass on every path.', evidence)
    if (old > 0) return fail(`${plural(old, 'bypass secret is', 'bypass secrets are')} older than ${oldest} days.`, evidence)
    if (bypasses === undefined || optionsAllowlist === undefined) return unverified('Vercel\'s list of bypasses could not be read.', evidence)
    // Created tomorrow, or at no time: nothing is known of its age.
    if (ages.some(age => !(age >= -1))) return unverified('Vercel did not say when a bypass secret was made.', evidence)
    if (ages.length === 0 && paths.length === 0) return notApplicable('There is no bypass.', evidence)
    return pass('The bypasses are young, and none is open for every path.', evidence)
  },
})
