import { daysAgo, type SandboxProject } from '../account'

/** Looked after; built from a customer's repository. */
export const storefront: SandboxProject = {
  id: 'prj_4mQxT7vNb2RkYh9WcLs8Jd',
  name: 'storefront',
  repository: { org: 'brightwater-labs', repo: 'app' },
  ageInDays: 610,
  settings: now => ({
    framework: 'nuxtjs',
    nodeVersion: '24.x',
    gitForkProtection: true,
    ssoProtection: { deploymentType: 'all_except_custom_domains' },
    passwordProtection: null,
    protectionBypass: { 'sandbox-bypass-that-nobody-may-keep': { createdAt: daysAgo(now, 41), createdBy: 'usr_sandbox', scope: 'automation-bypass' } },
    optionsAllowlist: { paths: [{ value: '/api/cart' }] },
    security: {
      firewallEnabled: true,
      attackModeEnabled: false,
      managedRules: { bot_filter: { active: true, action: 'challenge' }, ai_bots: { active: true, action: 'log' }, owasp: { active: true, action: 'deny' }, traffic_sources: { active: false }, vercel_ruleset: { active: true, action: 'deny' } },
    },
  }),
  domains: [{ name: 'larkspur.example', verified: true }, { name: 'www.larkspur.example', verified: true }, { name: 'storefront-larkspur.vercel.app', verified: true }],
  variables: [
    { key: 'NODE_ENV', type: 'plain', target: ['production', 'preview'] },
    { key: 'STRIPE_SECRET_KEY', type: 'sensitive', target: ['production'] },
    { key: 'STRIPE_SECRET_KEY', type: 'sensitive', target: ['preview'] },
    { key: 'NEXT_PUBLIC_SUPABASE_URL', type: 'plain', target: ['production', 'preview', 'development'], value: 'https://wmqzkfhvtnxcyrbdlgps.supabase.co' },
    { key: 'NEXT_PUBLIC_SUPABASE_ANON_KEY', type: 'encrypted', target: ['production', 'preview', 'development'] },
    { key: 'NEXT_PUBLIC_MAPS_API_KEY', type: 'plain', target: ['production', 'preview', 'development'] },
  ],
}
