import { defineCheck } from '../../contract'
import { environment } from '../endpoints'
import { incomplete, isSecretLike, isStoredAsSecret } from '../variables'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

export const envProductionIsolated = defineCheck({
  id: 'vercel_env_production_isolated',
  title: 'Previews and development do not share secrets with production',
  severity: 'medium',
  category: 'secrets',
  rationale: 'A preview runs code that nobody has reviewed yet. With production\'s secrets it can reach production\'s data.',
  remediation: {
    steps: [
      'Make a second value for previews and development: another database, another key with fewer rights.',
      'Edit the variables named in the evidence so that the present value is for Production alone.',
    ],
    url: 'https://vercel.com/docs/environment-variables',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['8.31'], own: true },
  kinds: ['project'],
  reads: { environment },
  evaluate: ({ environment: { envs, ...rest } }) => {
    if (!envs) return unverified('Vercel\'s answer held no list of variables.')
    const secrets = envs.filter(variable => isSecretLike(variable) || isStoredAsSecret(variable))
    const shared = secrets.filter(({ target, customEnvironmentIds: custom }) => target?.includes('production') && (target.some(one => one !== 'production') || Boolean(custom?.length)))
    const evidence = { variables: envs.length, secrets: secrets.length, shared: capped(shared.map(variable => variable.key)) }
    if (shared.length > 0) return fail(`${plural(shared.length, 'secret is', 'secrets are')} the same in production and elsewhere.`, evidence)
    const cut = incomplete(rest, evidence)
    if (cut) return cut
    if (envs.some(({ target, type, visibility, customEnvironmentIds: custom }) => !target || !type || visibility === undefined || custom === undefined)) return unverified('Vercel did not say where every variable is used.', evidence)
    if (secrets.length === 0) return notApplicable('No variable looks like a secret.', evidence)
    return pass('Production\'s secrets are used in production alone.', evidence)
  },
})
