import { defineCheck } from '../../contract'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'
import { variables } from '../endpoints'
import { looksSecret } from '../variable-names'

export const envSecretsMarked = defineCheck({
  id: 'netlify_env_secrets_marked',
  title: 'Variables that look like secrets are marked as secret',
  severity: 'high',
  category: 'data_protection',
  rationale: 'A variable that is not marked can be read back by every member and every token of the team, and Netlify does not look for its value in logs and published files.',
  remediation: {
    steps: [
      'Open Environment variables of the project, or of the team for shared ones, and edit the variables named in the evidence.',
      'Mark them as containing secret values, with a value for each deploy context that needs one.',
      'Replace values that many people could read until now.',
    ],
    url: 'https://docs.netlify.com/build/environment-variables/secrets-controller',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.5.17', 'A.8.12'], own: true },
  kinds: ['account', 'site'],
  reads: { variables },
  evaluate: ({ variables: all }) => {
    if (all.length === 0) return notApplicable('There are no environment variables.')
    const secretLike = all.filter(variable => looksSecret(variable.key))
    if (secretLike.length === 0) return notApplicable('No variable has the name of a secret.', { variables: all.length })
    const names = (list: typeof all) => capped(list.map(variable => variable.key.slice(0, 100)))
    const open = secretLike.filter(variable => variable.is_secret === false)
    const unread = secretLike.filter(variable => typeof variable.is_secret !== 'boolean')
    const evidence = { secret_like: secretLike.length, ...(open.length > 0 && { not_marked: names(open) }), ...(unread.length > 0 && { unread: names(unread) }) }
    if (open.length > 0) return fail(`${plural(open.length, 'variable has', 'variables have')} the name of a secret and ${open.length === 1 ? 'is' : 'are'} not marked as one.`, evidence)
    if (unread.length > 0) return unverified(`Netlify's answer did not say whether ${plural(unread.length, 'variable')} is marked as secret.`, evidence)
    return pass('Every variable with the name of a secret is marked as one.', evidence)
  },
})
