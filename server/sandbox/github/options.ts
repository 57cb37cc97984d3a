import type { StandInOptions } from '../stand-in'

export interface GithubSandboxOptions extends StandInOptions {
  /** What is registered: a GitHub App, whose tokens end, or an OAuth App, whose do not. Default: a GitHub App. */
  application?: 'github_app' | 'oauth_app'
  accessTokenLifetimeSeconds?: number
  /** Per grant; GitHub itself allows 5,000. */
  requestsPerHour?: number
  /** Permissions that are not set on the GitHub App: `administration`, ... */
  withoutPermissions?: readonly string[]
  /** So many more repositories in each account. */
  moreRepositories?: number
}

/** The GitHub App's name in its address. */
export const appSlug = 'allyship-sandbox'

/** What is set on the GitHub App, each as read-only. */
export const appPermissions: readonly string[] = [
  'metadata', 'administration', 'secret_scanning_alerts', 'vulnerability_alerts', 'security_events', 'members', 'organization_administration', 'organization_hooks',
]
