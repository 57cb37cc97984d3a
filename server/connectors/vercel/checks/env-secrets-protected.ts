import { defineCheck } from '../../contract'
import { environment } from '../endpoints'
import { incomplete, isReadable, isSecretLike } from '../variables'
import { capped, fail, notApplicable, pass, plural, unverified } from '../../verdict'

export const envSecretsProtected = defineCheck({
  id: 'vercel_env_secrets_protected',
  title: 'Variables that look like secrets are not stored in the clear',
  severity: 'high',
  category: 'secrets',
  rationale: 'A plain variable can be read by every member of the team, every integration with the permission, and whoever gets into one of them.',
  remediation: {
    steps: [
      'Replace the secrets named in the evidence: what was stored in the clear counts as read.',
      'Store the new ones as Sensitive, which can be used by deployments and read by nobody.',
    ],
    url: 'https://vercel.com/docs/environment-variables/sensitive-environment-variables',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['5.17', '8.24'], own: true },
  kinds: ['project'],
  reads: { environment },
  evaluate: ({ environment: { envs, ...rest } }) => {
    if (!envs) return unverified('Vercel\'s answer held no list of variables.')
    const secrets = envs.filter(isSecretLike)
    const open = envs.filter(variable => (isSecretLike(variable) && isReadable(variable)) || variable.securityIssues?.includes('readable-secret'))
    const evidence = { variables: envs.length, secret_like: secrets.length, readable: capped(open.map(variable => variable.key)) }
    if (open.length > 0) return fail(`${plural(open.length, 'variable looks like a secret', 'variables look like secrets')} and can be read.`, evidence)
    const cut = incomplete(rest, evidence)
    if (cut) return cut
    if (envs.some(variable => !variable.type || variable.visibility === undefined || variable.securityIssues === undefined)) return unverified('Vercel did not say how every variable is stored.', evidence)
    if (secrets.length === 0) return notApplicable('No variable looks like a secret.', evidence)
    return pass('No variable that looks like a secret is stored in the clear.', evidence)
  },
})
