import type { JsonValue } from '../store'

/** Fictional, as is everything in here. */
export const organization = { slug: 'kvtrzmwqyhxbncdlfgps', name: 'Brightwater Labs' }

/** What is "ticked on the OAuth app". */
export const permissions = [
  { scope: 'organizations:read', label: 'Read the organization and its members' },
  { scope: 'projects:read', label: 'Read projects and their network settings' },
  { scope: 'database:read', label: 'Read database settings, advisors and backups' },
  { scope: 'auth:read', label: 'Read sign-in settings' },
  { scope: 'rest:read', label: 'Read Data API settings' },
  { scope: 'secrets:read', label: 'Read the state of API and signing keys' },
  { scope: 'storage:read', label: 'Read the list of storage buckets' },
  { scope: 'edge_functions:read', label: 'Read the list of edge functions' },
] as const

const member = (id: number, name: string, role: string, mfa: boolean): JsonValue => ({
  user_id: `00000000-0000-4000-8000-00000000000${id}`,
  user_name: name,
  email: `${name}@brightwater.example`,
  role_name: role,
  mfa_enabled: mfa,
  avatar_url: null,
})

const entitlement = (key: string, hasAccess: boolean): JsonValue => ({ feature: { key, type: 'boolean' }, hasAccess, type: 'boolean', config: { enabled: hasAccess } })

/** By the path below `/v1/organizations/{slug}`. */
export const organizationReads: Readonly<Record<string, () => JsonValue>> = {
  '': () => ({
    id: organization.slug,
    name: organization.name,
    plan: 'pro',
    opt_in_tags: [],
    allowed_release_channels: ['ga'],
  }),
  '/entitlements': () => ({
    entitlements: [
      entitlement('auth.leaked_password_protection', true),
      entitlement('auth.password_hibp', true),
      entitlement('security.enforce_mfa', false),
    ],
  }),
  '/members': () => [
    member(1, 'ines.okafor', 'Owner', true),
    member(2, 'tomas.lindqvist', 'Administrator', true),
    member(3, 'mei.tanaka', 'Developer', false),
    member(4, 'ravi.castellano', 'Developer', true),
  ],
}
