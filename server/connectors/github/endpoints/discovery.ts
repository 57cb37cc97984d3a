/** Who granted, where the app is installed, and what can be seen from there. */
import { z } from 'zod'
import type { Endpoint } from '../../contract'
import { linkPaging } from '../../paging'
import { permissionNames } from '../permissions'
import { bool, branchName, encoded, id, maybe, meaning, segment, text } from './fields'

const account = z.object({
  id,
  login: maybe(segment),
  /** Of enterprises, which have no login. */
  slug: text,
  type: text,
})

/** Those that are asked for and were granted, at whatever level: each includes reading. */
const granted = z.record(z.string(), z.unknown())
  .transform(levels => permissionNames.filter(name => Object.hasOwn(levels, name) && /^(?:read|write|admin)$/.test(String(levels[name]))))

const installation = z.object({ id, account: maybe(account), suspended_at: text, permissions: maybe(granted) })
export type Installation = z.infer<typeof installation>

const listedOrganization = z.object({ id, login: segment })

const listedRepository = z.object({
  id,
  name: segment,
  full_name: z.string(),
  owner: z.object({ login: segment, type: text }),
  private: bool,
  visibility: text,
  archived: bool,
  disabled: bool,
  fork: bool,
  default_branch: maybe(branchName),
  html_url: text,
})
export type ListedRepository = z.infer<typeof listedRepository>

export const user = {
  id: 'user',
  path: () => '/user',
  schema: z.object({ id, login: z.string() }),
  scope: 'metadata:read',
} satisfies Endpoint

/** Null: the token is an OAuth App's, which cannot be installed; a server that knows no installations has no other kind. */
export const installations = {
  id: 'installations',
  path: () => '/user/installations?per_page=100',
  schema: z.object({ installations: z.array(installation) }).transform(answer => answer.installations),
  scope: 'metadata:read',
  paging: linkPaging<Installation>(),
  otherwise: meaning([[403, /authorized to a GitHub App/i, null], [404, /.*/, null]]),
} satisfies Endpoint<Installation[]>

/** The resource is the installation. */
export const installationRepositories = {
  id: 'installation_repositories',
  path: installed => `/user/installations/${encodeURIComponent(installed.externalId)}/repositories?per_page=100`,
  schema: z.object({ repositories: z.array(listedRepository) }).transform(answer => answer.repositories),
  scope: 'metadata:read',
  paging: linkPaging<ListedRepository>(),
} satisfies Endpoint<ListedRepository[]>

/**
 * Whether the person owns the organization. Null: is no member, or may not be told.
 * https://docs.github.com/en/rest/orgs/members#get-an-organization-membership-for-the-authenticated-user
 */
export const membership = {
  id: 'membership',
  path: ({ metadata }) => `/user/memberships/orgs/${encoded(metadata.login)}`,
  schema: z.object({ role: text, state: text }),
  scope: 'members:read',
  absent: [404],
} satisfies Endpoint

export const userOrganizations = {
  id: 'user_organizations',
  path: () => '/user/orgs?per_page=100',
  schema: z.array(listedOrganization),
  scope: 'members:read',
  paging: linkPaging<z.infer<typeof listedOrganization>>(),
} satisfies Endpoint

export const userRepositories = {
  id: 'user_repositories',
  path: () => '/user/repos?per_page=100',
  schema: z.array(listedRepository),
  scope: 'metadata:read',
  paging: linkPaging<ListedRepository>(),
} satisfies Endpoint
