import { defineCheck } from '../../contract'
import { fail, notApplicable, pass, unverified } from '../../verdict'
import { siteSettings } from '../endpoints'
import { repository } from '../site'

/**
 * Of the three policies that Netlify documents, those that keep secrets from strangers, by words of the API that say so themselves.
 * Which word it has for the third, "without restrictions", is written nowhere: the one that says so itself counts, and no other.
 */
const keeping: Readonly<Record<string, string>> = {
  review: 'Builds of strangers\' pull requests wait for somebody\'s approval.',
  redact: 'Builds of strangers\' pull requests run without sensitive variables.',
}

export const untrustedBuilds = defineCheck({
  id: 'netlify_untrusted_builds',
  title: 'Builds of strangers\' pull requests get no secrets',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'Anybody may fork a public repository and change its build script. If such a pull request is built like any other, the script can send every variable of the build to its author.',
  remediation: {
    steps: [
      'Open Project configuration, Environment variables, Sensitive variable policy.',
      'Choose Require approval, or Deploy without sensitive variables.',
      'If pull requests of strangers were built until now, replace the secrets that the builds could read.',
    ],
    url: 'https://docs.netlify.com/build/environment-variables/get-started/#untrusted-deploys-and-sensitive-variables',
  },
  soc2: { criteria: ['CC8.1', 'CC6.1'], own: true },
  iso27001: { controls: ['A.8.4', 'A.8.25'], own: true },
  kinds: ['site'],
  reads: { siteSettings },
  evaluate: ({ siteSettings: site }) => {
    const repo = repository(site)
    if (repo === undefined) return unverified('Netlify\'s answer did not say how the site is built.')
    if (repo === null) return notApplicable('The site is not built from a repository.')
    if (repo.isPublic === false) return notApplicable('The repository is private: strangers cannot open pull requests.')
    if (repo.isPublic === undefined) return unverified('Netlify\'s answer did not say whether the repository is public.')
    const { untrustedFlow: policy } = repo
    if (policy === undefined) return unverified('Netlify\'s answer did not say what happens to strangers\' pull requests.')
    const kept = Object.hasOwn(keeping, policy) ? keeping[policy] : undefined
    const evidence = { policy: policy.slice(0, 40) }
    if (policy === 'unrestricted') return fail('Strangers\' pull requests to the public repository are built without approval and with all variables.', evidence)
    return kept ? pass(kept, evidence) : unverified(`Netlify calls what happens to strangers' pull requests "${evidence.policy}", which is not known to us: look at the policy yourself.`, evidence)
  },
})
