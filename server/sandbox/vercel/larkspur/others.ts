import { daysAgo, type SandboxProject } from '../account'

const standard = { ssoProtection: { deploymentType: 'prod_deployment_urls_and_all_previews' }, passwordProtection: null }
const firewall = { firewallEnabled: true, attackModeEnabled: false }

/** Well kept but for a bypass that a forgotten test suite used. */
export const orders: SandboxProject = {
  id: 'prj_8bWnK3zGd5PfXr6VtMj2Qc',
  name: 'orders-api',
  repository: { org: 'brightwater-labs', repo: 'payments-api' },
  ageInDays: 530,
  settings: now => ({
    nodeVersion: '22.x',
    gitForkProtection: true,
    ...standard,
    protectionBypass: { 'sandbox-forgotten-bypass-that-nobody-may-keep': { createdAt: daysAgo(now, 402), createdBy: 'usr_sandbox', scope: 'automation-bypass' } },
    security: { ...firewall, managedRules: null },
  }),
  domains: [{ name: 'api.larkspur.example', verified: true }],
  variables: [
    { key: 'DATABASE_URL', type: 'encrypted', target: ['production', 'preview'] },
    { key: 'SESSION_SECRET', type: 'plain', target: ['production'] },
  ],
}

/** Open source: pull requests come from everywhere. */
export const docs: SandboxProject = {
  id: 'prj_2hLsZ9yBq4TgWk7NrFv5Dm',
  name: 'docs',
  ageInDays: 340,
  settings: () => ({ framework: 'vitepress', nodeVersion: '22.x', gitForkProtection: false, ssoProtection: { deploymentType: 'preview' }, passwordProtection: null, security: { ...firewall, managedRules: null } }),
  domains: [{ name: 'docs.larkspur.example', verified: true }],
  variables: [],
}

/** Made in an afternoon for one campaign. */
export const spring: SandboxProject = {
  id: 'prj_6tVcR8wHn3JxBp2LzSk4Gf',
  name: 'spring-campaign',
  ageInDays: 255,
  settings: () => ({ nodeVersion: '18.x', directoryListing: true, ssoProtection: null, passwordProtection: null, link: null }),
  domains: [{ name: 'spring.larkspur.example', verified: false }, { name: 'spring-campaign.vercel.app', verified: true }],
  variables: [{ key: 'MAILING_LIST_TOKEN', type: 'plain', target: ['production', 'preview', 'development'] }],
}

/** Its repository is one that nobody looks after. */
export const admin: SandboxProject = {
  id: 'prj_9gXdM5kYt7WqCn3RhJb6Pz',
  name: 'back-office',
  repository: { org: 'brightwater-labs', repo: 'legacy-importer' },
  ageInDays: 120,
  settings: () => ({ framework: 'nuxtjs', nodeVersion: '24.x', gitForkProtection: true, ssoProtection: { deploymentType: 'all' }, passwordProtection: null, security: { ...firewall, firewallEnabled: false } }),
  domains: [{ name: 'office.larkspur.example', verified: true }],
  variables: [
    { key: 'OIDC_CLIENT_SECRET', type: 'sensitive', target: ['production'] },
    { key: 'NUXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY', type: 'encrypted', target: ['production'] },
  ],
}
