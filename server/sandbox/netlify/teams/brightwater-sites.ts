import { certificate, hook, variable } from './shapes'
import type { SandboxSite } from './team'

/** Repositories of the same fictional company's, not all of which anybody connected. */
const builtFrom = (repository: string) => ({ repo_path: `brightwater-labs/${repository}`, repo_url: `https://github.com/brightwater-labs/${repository}` })

/** Looked after. */
export const www: SandboxSite = {
  id: '3f9a1c2e-5b7d-4e8f-9a0b-1c2d3e4f5a6b',
  name: 'brightwater-www',
  ageInDays: 640,
  settings: { custom_domain: 'www.brightwater.example', domain_aliases: ['brightwater.example'], prevent_non_git_prod_deploys: true, sso_login: true, sso_login_context: 'non_production' },
  build: { public_repo: false, ...builtFrom('website') },
  certificate: certificate(['www.brightwater.example', 'brightwater.example'], 68),
  hooks: [hook('deploy_created', { url: 'https://hooks.brightwater.example/netlify?key=hook-that-nobody-may-keep', signature_secret: 'secret-that-nobody-may-keep' })],
  variables: [variable('CONTENT_API_TOKEN', true), variable('SITE_TITLE', false)],
}

/** Open source, in a repository of its own: builds of strangers wait for approval, and everybody may see the previews. */
export const docs: SandboxSite = {
  id: '7c4e2b90-1a3d-4f6e-8b5c-9d0e1f2a3b4c',
  name: 'brightwater-docs',
  ageInDays: 380,
  settings: { custom_domain: 'docs.brightwater.example' },
  build: { public_repo: true, private_logs: true, untrusted_flow: 'review', ...builtFrom('handbook') },
  certificate: certificate(['*.brightwater.example'], 41),
  hooks: [],
  variables: [variable('LOG_LEVEL', false), variable('NEXT_PUBLIC_SEARCH_API_KEY', false)],
}

/** Neglected: clear text, a certificate that does not renew, secrets that anybody's pull request can read. */
export const shop: SandboxSite = {
  id: 'b8d6f4a2-0c1e-4a3b-9c5d-7e8f9a0b1c2d',
  name: 'brightwater-shop',
  ageInDays: 210,
  settings: { custom_domain: 'shop.brightwater.example', force_ssl: false },
  build: { public_repo: true, private_logs: false, untrusted_flow: 'unrestricted', ...builtFrom('legacy-importer') },
  certificate: certificate(['shop.brightwater.example'], 6, 'DNS of shop.brightwater.example does not point to Netlify'),
  hooks: [
    hook('deploy_created', { url: 'http://build.brightwater.example/netlify/hook-that-nobody-may-keep', signature_secret: null }),
    hook('deploy_failed', { url: 'https://hooks.slack.example/services/hook-that-nobody-may-keep' }, 'slack'),
  ],
  variables: [
    variable('STRIPE_SECRET_KEY', false), variable('DATABASE_URL', false), variable('SESSION_SECRET', true), variable('CURRENCY', false),
    variable('VITE_SUPABASE_URL', false, 'https://hjxvdqmtkzncwrfbyplg.supabase.co'), variable('VITE_SUPABASE_SERVICE_ROLE_KEY', false),
  ],
}
