/**
 * The calls that discovery and the checks make. Every schema is an allow-list: a project's answer carries the token of its
 * runners, which is not named here and so does not leave the parser.
 */
import { z } from 'zod'
import type { Endpoint, ResourceDescription } from '../contract'
import { linkPaging } from '../paging'

const scope = 'read_api'
/** A field that is missing or of another type is undefined: a check then says that it could not tell. */
const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)
const list = <T extends z.ZodType>(item: T) => ({ schema: z.array(item), paging: linkPaging<z.infer<T>>() })
const of = (suffix: string) => ({ externalId }: ResourceDescription) => `/api/v4/projects/${encodeURIComponent(externalId)}${suffix}`

// https://docs.gitlab.com/api/users/#get-the-current-user
export const user = {
  id: 'user',
  path: () => '/api/v4/user',
  schema: z.object({ id: z.number().int(), username: z.string() }),
  scope,
} satisfies Endpoint

// https://docs.gitlab.com/api/projects/#list-all-projects. 40: maintainers, who may see the settings that the checks read.
export const projects = {
  id: 'projects',
  path: () => '/api/v4/projects?membership=true&min_access_level=40&pagination=keyset&order_by=id&sort=asc&per_page=100',
  ...list(z.object({ id: z.number().int(), path_with_namespace: z.string(), default_branch: maybe(z.string()), archived: maybe(z.boolean()), visibility: maybe(z.string()) })),
  scope,
} satisfies Endpoint

// https://docs.gitlab.com/api/projects/#get-a-single-project
export const project = {
  id: 'project',
  path: of(''),
  schema: z.object({ only_allow_merge_if_pipeline_succeeds: maybe(z.boolean()), builds_access_level: maybe(z.string()) }),
  scope,
} satisfies Endpoint

// https://docs.gitlab.com/api/protected_branches/#list-protected-branches. A wildcard stands in the list as it was written.
export const protectedBranches = {
  id: 'protected_branches',
  path: of('/protected_branches?per_page=100'),
  ...list(z.object({ name: z.string(), allow_force_push: maybe(z.boolean()) })),
  scope,
} satisfies Endpoint

// https://docs.gitlab.com/api/project_job_token_scopes/
export const jobTokenScope = {
  id: 'job_token_scope',
  path: of('/job_token_scope'),
  schema: z.object({ inbound_enabled: maybe(z.boolean()) }),
  scope,
} satisfies Endpoint
