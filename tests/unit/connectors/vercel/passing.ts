/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import { daysAgo, type Bodies } from './evaluate'

/** Stands where Vercel's answers carry a secret. */
export const canary = 'CANARY-9d27'

export const projectBody = {
  id: 'prj_7Tz4',
  name: 'storefront',
  directoryListing: false,
  gitForkProtection: true,
  nodeVersion: '24.x',
  link: { type: 'github', deployHooks: [{ url: `https://api.vercel.com/v1/integrations/deploy/${canary}` }] },
  ssoProtection: { deploymentType: 'prod_deployment_urls_and_all_previews' },
  passwordProtection: null,
  protectionBypass: { [canary]: { createdAt: daysAgo(20), createdBy: 'usr_1', scope: 'automation-bypass' } },
  optionsAllowlist: { paths: [{ value: '/api/public' }] },
  security: { firewallEnabled: true, attackModeEnabled: false, managedRules: { owasp: { active: true, action: 'deny' } } },
}

export const teamBody = {
  id: 'team_3Rw9',
  slug: 'larkspur',
  name: 'Larkspur',
  inviteCode: canary,
  billing: { plan: 'enterprise' },
  saml: { enforced: true, connection: { type: 'OktaSAML', state: 'active' } },
  sensitiveEnvironmentVariablePolicy: 'on',
  defaultDeploymentProtection: { ssoProtection: { deploymentType: 'all' }, passwordProtection: null },
}

export const variable = (key: string, type: unknown, target: unknown = ['production']) => ({ key, type, target, value: canary, securityIssues: [] })
export const member = (username: string, role: unknown, confirmed: unknown = true, createdAt: unknown = daysAgo(400)) => ({ username, role, confirmed, createdAt, email: `${canary}@example.com` })

const onProject: Bodies = { project: projectBody }
const onTeam: Bodies = { team: teamBody }

export const passing: Readonly<Record<string, Bodies>> = {
  vercel_deployments_protected: onProject,
  vercel_protection_bypass: onProject,
  vercel_git_fork_protection: onProject,
  vercel_runtime_supported: onProject,
  vercel_directory_listing: onProject,
  vercel_firewall_enabled: onProject,
  vercel_domains_verified: { domains: { domains: [{ name: 'larkspur.example', verified: true }], pagination: { count: 1, next: null, prev: null } } },
  vercel_saml_enforced: onTeam,
  vercel_team_roles: {
    members: {
      members: [member('ana', 'MEMBER'), member('bo', 'OWNER')],
      emailInviteCodes: [{ id: canary, email: `${canary}@example.com`, role: 'MEMBER', createdAt: daysAgo(3) }],
      pagination: { count: 2, next: null, prev: null, hasNext: false },
    },
  },
  vercel_default_protection: onTeam,
  vercel_sensitive_env_policy: onTeam,
  vercel_env_secrets_protected: { environment: { envs: [variable('NODE_ENV', 'plain'), variable('STRIPE_SECRET_KEY', 'sensitive')] } },
  vercel_env_production_isolated: { environment: { envs: [variable('NODE_ENV', 'plain', ['production', 'preview']), variable('STRIPE_SECRET_KEY', 'sensitive')] } },
}
