/**
 * Permissions, in the words of GitHub Apps, where they are set on the app and none is asked for. An OAuth App asks with the
 * `scope` parameter (a GitHub App ignores it) for something coarser: `repo` and `admin:org` may write, and nothing narrower
 * reads what is asked here (https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps).
 */
import type { ScopeDescription } from '../contract'

export const permissions = [
  { name: 'metadata:read', parameter: 'repo', reason: 'List the repositories and the rules that their branches are under' },
  { name: 'members:read', parameter: 'read:org', reason: 'See who owns the organization' },
  { name: 'organization_administration:read', parameter: 'admin:org', reason: 'Read the organization\'s rules for second factors, members, and workflows' },
  // An OAuth App is shown its own webhooks only, whatever it asks for: a list that says nothing.
  { name: 'organization_hooks:read', parameter: null, reason: 'Read where the organization\'s webhooks go, and whether they are signed; no secret is read' },
  { name: 'administration:read', parameter: 'repo', reason: 'Read branch protection, deploy keys and which security features are on; nothing is changed' },
  { name: 'secret_scanning_alerts:read', parameter: 'repo', reason: 'See whether leaked secrets are open; the secrets themselves are not read' },
  { name: 'vulnerability_alerts:read', parameter: 'repo', reason: 'See whether dependencies with critical holes are in use' },
  { name: 'security_events:read', parameter: 'repo', reason: 'See whether code scanning runs and what critical alerts are open' },
] as const satisfies readonly ScopeDescription[]

/** As an installation has them: without the level. */
export const permissionNames: readonly string[] = permissions.map(({ name }) => name.replace(/:read$/, ''))

const alerts = ['secret_scanning_alerts:read', 'vulnerability_alerts:read', 'security_events:read']

/** What an OAuth App's scopes include. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  'repo': ['metadata:read', 'administration:read', ...alerts],
  'security_events': alerts,
  'read:org': ['members:read'],
  'write:org': ['members:read'],
  'admin:org': ['members:read', 'organization_administration:read'],
}

export function scopeCovers(granted: string, needed: string): boolean {
  const includes = Object.hasOwn(scopes, granted) ? scopes[granted] : undefined
  return includes?.includes(needed) ?? granted === needed.replace(/:read$/, ':write')
}

/** `administration=read; contents=read,issues=read`, of which one alternative is enough → `administration:read`. */
export function acceptedPermissions(headers: Headers): string | undefined {
  const first = headers.get('x-accepted-github-permissions')?.split(';')[0] ?? ''
  const names = first.split(',').map(name => name.trim()).filter(name => /^[a-z_]+=(?:read|write|admin)$/.test(name))
  return names.length > 0 ? names.map(name => name.replace('=', ':')).join(' and ') : undefined
}
