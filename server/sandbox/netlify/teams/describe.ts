/** The wire shapes of teams and sites. Both carry secrets, as the real ones may: whoever reads them must leave those behind. */
import type { JsonValue } from '../../store'
import { person } from '../person'
import { daysAgo, type SandboxSite, type SandboxTeam } from './team'

export function describeTeam(team: SandboxTeam, now: number): JsonValue {
  return {
    id: team.id,
    name: team.name,
    slug: team.slug,
    type: team.plan.toLowerCase(),
    type_name: team.plan,
    type_id: '5f2c0a7b1e4d3c9a8b6f0e21',
    type_slug: team.plan.toLowerCase(),
    capabilities: { sites: { included: 500, used: team.sites.length }, collaborators: { included: 20, used: team.members.length } },
    billing_name: team.name,
    billing_email: `billing@${team.slug}.example`,
    billing_details: '',
    billing_period: 'monthly',
    payment_method_id: 'card-that-nobody-may-keep',
    owner_ids: [person.id],
    roles_allowed: ['Owner', 'Developer', 'Billing Admin', 'Reviewer'],
    created_at: daysAgo(now, 900),
    updated_at: daysAgo(now, 9),
    enforce_saml: 'not_enforced',
    has_site_password: false,
    site_password_context: 'all',
    ...team.settings,
  }
}

export function describeSite(site: SandboxSite, team: SandboxTeam | undefined, now: number): JsonValue {
  const address = `https://${site.name}.netlify.app`
  return {
    id: site.id,
    name: site.name,
    state: 'current',
    plan: 'nf_team_dev',
    custom_domain: null,
    domain_aliases: [],
    branch_deploy_custom_domain: null,
    deploy_preview_custom_domain: null,
    password: 'password-that-nobody-may-keep',
    has_password: false,
    password_context: 'all',
    sso_login: false,
    sso_login_context: 'all',
    account_sso_login: false,
    notification_email: null,
    url: address,
    ssl_url: address,
    admin_url: `https://app.netlify.com/projects/${site.name}`,
    created_at: daysAgo(now, site.ageInDays),
    updated_at: daysAgo(now, 2),
    user_id: person.id,
    ssl: true,
    force_ssl: true,
    managed_dns: false,
    deploy_url: address,
    account_id: team?.id ?? null,
    account_name: team?.name ?? null,
    account_slug: team?.slug ?? null,
    git_provider: site.build ? 'github.com' : null,
    deploy_hook: 'https://api.netlify.com/hooks/hook-that-nobody-may-keep',
    capabilities: {},
    build_settings: site.build ? { ...defaultBuild(site.name), ...site.build } : {},
    default_hooks_data: { access_token: 'token-that-nobody-may-keep' },
    build_image: 'noble',
    prevent_non_git_prod_deploys: false,
    disabled: false,
    ...site.settings,
  }
}

function defaultBuild(name: string): { [key: string]: JsonValue } {
  return {
    provider: 'github',
    repo_path: `brightwater/${name}`,
    repo_url: `https://github.com/brightwater/${name}`,
    repo_branch: 'main',
    allowed_branches: ['main'],
    cmd: 'npm run build',
    dir: 'dist',
    public_repo: false,
    private_logs: false,
    untrusted_flow: 'review',
    stop_builds: false,
    env: { BUILD_TOKEN: 'value-that-nobody-may-keep' },
  }
}
