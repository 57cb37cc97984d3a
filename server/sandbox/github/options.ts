import type { StandInOptions } from '../stand-in'

export interface GithubSandboxOptions extends StandInOptions {
  /** What is registered: a GitHub App, whose tokens end, or an OAuth App, whose do not. Default: a GitHub App. */
  application?: 'github_app' | 'oauth_app'
  accessTokenLifetimeSeconds?: number
  /** Per grant; GitHub itself allows 5,000. */
  requestsPerHour?: number
  /** Permissions that are not set on the GitHub App: `administration`, ... */
  withoutPermissions?: readonly string[]
  /** What who signs in is in the organization; null: works in its repositories and is no member. Default: an owner. */
  role?: 'admin' | 'member' | null
  /** So many more repositories in each account. */
  moreRepositories?: number
}

/** The GitHub App's name in its address. */
export const appSlug = 'allyship-sandbox'

/** What is set on the GitHub App, each as read-only. */
export const appPermissions: readonly string[] = [
  'metadata', 'administration', 'secret_scanning_alerts', 'vulnerability_alerts', 'security_events', 'members', 'organization_administration', 'organization_hooks',
]

/** Of the app's permissions those that an installation was granted. */
export function grantedPermissions({ withoutPermissions }: Pick<GithubSandboxOptions, 'withoutPermissions'>): readonly string[] {
  return appPermissions.filter(name => !withoutPermissions?.includes(name))
}
