/** What is asked of an organization. Fields and permissions: https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps */
import { z } from 'zod'
import type { Endpoint } from '../../contract'
import { linkPaging } from '../../paging'
import { bool, given, maybe, ofOrganization, text } from './fields'

/** Owners see all of it; others get the public part, with the rest left out. */
export const organization = {
  id: 'organization',
  path: ofOrganization(''),
  schema: z.object({
    two_factor_requirement_enabled: bool,
    default_repository_permission: text,
    members_can_create_public_repositories: bool,
    members_can_delete_repositories: bool,
    members_can_change_repo_visibility: bool,
  }),
  scope: 'organization_administration:read',
  minted: true,
} satisfies Endpoint

export const owners = {
  id: 'owners',
  path: ofOrganization('/members?role=admin&per_page=100'),
  // No email address: the login is enough to act on.
  schema: z.array(z.object({ login: z.string() })),
  scope: 'members:read',
  minted: true,
  paging: linkPaging<{ login: string }>(),
} satisfies Endpoint

export const actionsPermissions = {
  id: 'actions_permissions',
  path: ofOrganization('/actions/permissions'),
  schema: z.object({ enabled_repositories: text, allowed_actions: text, sha_pinning_required: bool }),
  scope: 'organization_administration:read',
  minted: true,
} satisfies Endpoint

export const actionsWorkflow = {
  id: 'actions_workflow',
  path: ofOrganization('/actions/permissions/workflow'),
  schema: z.object({ default_workflow_permissions: text, can_approve_pull_request_reviews: bool }),
  scope: 'organization_administration:read',
  minted: true,
} satisfies Endpoint

/** The secret comes masked, and the address may hold a key in its path or query: what leaves is whether, and the host. */
const hookConfig = z.object({ url: text, insecure_ssl: maybe(z.union([z.string(), z.number()])), secret: given(z.string()) })
  .transform(({ url, insecure_ssl: insecure, secret }) => ({
    https: url ? /^https:\/\//i.test(url) : undefined,
    host: url && URL.canParse(url) ? new URL(url).host : undefined,
    verifies_tls: insecure === null || insecure === undefined ? undefined : String(insecure) === '0',
    signed: secret === null ? undefined : Boolean(secret),
  }))

export type Hook = z.infer<typeof hook>
const hook = z.object({ active: bool, config: maybe(hookConfig) })

export const organizationHooks = {
  id: 'organization_hooks',
  path: ofOrganization('/hooks?per_page=100'),
  schema: z.array(hook),
  scope: 'organization_hooks:read',
  minted: true,
  paging: linkPaging<Hook>(),
} satisfies Endpoint
