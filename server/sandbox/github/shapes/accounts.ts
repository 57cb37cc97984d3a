import type { JsonValue } from '../../store'
import type { SandboxAccount } from '../world/account'
import { urls } from './urls'

type Fields = { [key: string]: JsonValue }

const since = '2021-03-01T09:00:00Z'

export function nodeId(kind: string, id: number): string {
  return `${kind}_${Buffer.from(`sandbox${id}`).toString('base64url')}`
}

export function simpleUser(api: string, account: SandboxAccount): Fields {
  const base = `${api}/users/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId(account.type === 'User' ? 'U' : 'O', account.id),
    gravatar_id: '',
    url: base,
    ...urls(base, 'avatar events followers following gists html organizations received_events repos starred subscriptions'),
    type: account.type,
    site_admin: false,
  }
}

export function person(api: string, account: SandboxAccount): JsonValue {
  return {
    ...simpleUser(api, account),
    name: account.name,
    ...Object.fromEntries(['company', 'blog', 'location', 'email', 'hireable', 'bio', 'twitter_username'].map(name => [name, null])),
    public_repos: 1,
    public_gists: 0,
    followers: 12,
    following: 7,
    created_at: since,
    updated_at: since,
    user_view_type: 'public',
  }
}

export function organizationSimple(api: string, account: SandboxAccount): Fields {
  const base = `${api}/orgs/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('O', account.id),
    url: base,
    ...urls(base, 'repos events hooks issues members public_members avatar'),
    description: null,
  }
}

/** With what only owners see. */
export function organizationFull(api: string, account: SandboxAccount, settings: Fields): JsonValue {
  return {
    ...organizationSimple(api, account),
    name: account.name,
    is_verified: false,
    has_organization_projects: true,
    has_repository_projects: true,
    public_repos: 1,
    public_gists: 0,
    followers: 31,
    following: 0,
    html_url: `${api}/${account.login}`,
    type: 'Organization',
    billing_email: 'billing-that-nobody-may-keep@brightwater.example',
    created_at: since,
    updated_at: since,
    archived_at: null,
    ...settings,
  }
}

/** https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user */
export function membership(api: string, account: SandboxAccount, member: SandboxAccount, role: 'admin' | 'member'): JsonValue {
  return {
    url: `${api}/orgs/${account.login}/memberships/${member.login}`,
    state: 'active',
    role,
    direct_membership: true,
    organization_url: `${api}/orgs/${account.login}`,
    user: simpleUser(api, member),
    organization: organizationSimple(api, account),
    permissions: { can_create_repository: true },
  }
}

export function installation(api: string, account: SandboxAccount, permissions: readonly string[]): JsonValue {
  return {
    id: account.installationId,
    app_id: 70001,
    app_slug: 'allyship-sandbox',
    client_id: 'Iv1.sandbox',
    target_id: account.id,
    target_type: account.type,
    account: simpleUser(api, account),
    repository_selection: 'all',
    permissions: Object.fromEntries(permissions.map(name => [name, 'read'])),
    events: ['repository', 'branch_protection_rule'],
    single_file_name: null,
    access_tokens_url: `${api}/app/installations/${account.installationId}/access_tokens`,
    repositories_url: `${api}/installation/repositories`,
    html_url: `${api}/settings/installations/${account.installationId}`,
    created_at: since,
    updated_at: since,
    suspended_by: null,
    suspended_at: null,
  }
}
