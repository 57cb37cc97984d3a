/**
 * The REST API's calls that the checks read: https://vercel.com/docs/rest-api. Every schema is an allow-list: a project also
 * carries bypass secrets and deploy hooks, a team its invite code, a variable its value; what is not named here does not
 * leave the parser. Enums stay open: Vercel adds values.
 */
import { z } from 'zod'
import type { Endpoint, GrantFacts, ResourceDescription } from '../contract'
import { cursorPaging } from '../paging'
import { shapeOf } from '../signals'
import { bool, count, maybe, pagination, segment, text, unset } from './fields'
import { projectSettings } from './project-settings'

const project = (version: string, suffix: string) => (resource: ResourceDescription) =>
  `/${version}/projects/${encodeURIComponent(resource.externalId)}${suffix}`

const team = (version: string, suffix = '') => (_: ResourceDescription, facts: GrantFacts) =>
  `/${version}/teams/${encodeURIComponent(facts.team_id ?? '')}${suffix}`

export const configuration = {
  id: 'configuration',
  path: (_, facts) => `/v1/integrations/configuration/${encodeURIComponent(facts.installation_id ?? '')}`,
  schema: z.object({ projectSelection: text, projects: maybe(z.array(z.string())), status: text, disabledReason: text }),
  // Reading takes `read:`; the installation asks for this one, to be able to end itself.
  scope: 'read-write:integration-configuration',
  // It narrows the list of projects, which Vercel narrows too: without the permission nothing more is seen.
  absent: [403, 404],
} satisfies Endpoint

const listed = z.object({ id: segment, name: z.string(), framework: text, createdAt: count, link: maybe(z.object({ type: text })) })
const projectPage = z.object({ projects: z.array(listed), pagination })

export const projects = {
  id: 'projects',
  path: () => '/v10/projects?limit=100',
  // Documented both ways: in pages, and as one bare list.
  schema: z.union([projectPage, z.array(listed).transform(projects => ({ projects, pagination: null }))]),
  scope: 'read:project',
  // `from`: "timestamp or continuation token"; /v10/projects has no `until`.
  paging: cursorPaging<z.infer<typeof projectPage>>('from', page => page.pagination?.next, pages => ({ projects: pages.flatMap(page => page.projects), pagination: null })),
} satisfies Endpoint

export const projectOf = {
  id: 'project',
  path: project('v9', ''),
  schema: projectSettings,
  scope: 'read:project',
} satisfies Endpoint

const domainPage = z.object({ domains: z.array(z.object({ name: z.string(), verified: bool, redirect: text })), pagination })

export const domains = {
  id: 'domains',
  path: project('v9', '/domains?limit=100'),
  schema: domainPage,
  scope: 'read:project',
  paging: cursorPaging<z.infer<typeof domainPage>>('until', page => page.pagination?.next, pages => ({ domains: pages.flatMap(page => page.domains), pagination: null })),
} satisfies Endpoint

export const environment = {
  id: 'environment',
  // Never with `decrypt`. Of the value that comes anyway, of a plain variable, the schema leaves the shape. Documented without pages.
  path: project('v10', '/env'),
  schema: z.object({
    envs: maybe(z.array(z.object({
      key: z.string(),
      type: text,
      target: maybe(z.union([z.array(z.string()), z.string().transform(target => [target])])),
      customEnvironmentIds: unset(z.array(z.string())),
      visibility: unset(z.string()),
      securityIssues: unset(z.array(z.string())),
      value: maybe(z.string()),
    }).transform(({ value, ...variable }) => ({ ...variable, shape: variable.type === 'plain' && value ? shapeOf(value) : null })))),
    // How many there are beside the listed ones, that whoever installed it may not see.
    hiddenProductionEnvCount: unset(z.number()),
    pagination,
  }),
  scope: 'read-write:global-project-env-vars',
} satisfies Endpoint

const protection = maybe(z.object({ deploymentType: text }))

export const teamOf = {
  id: 'team',
  path: team('v2'),
  schema: z.object({
    id: segment,
    slug: text,
    name: text,
    limited: bool,
    limitedBy: maybe(z.array(z.string())),
    billing: maybe(z.object({ plan: text })),
    saml: unset(z.object({ enforced: bool, connection: unset(z.object({ state: text })) })),
    sensitiveEnvironmentVariablePolicy: text,
    defaultDeploymentProtection: unset(z.object({ ssoProtection: protection, passwordProtection: protection })),
  }),
  scope: 'read:team',
} satisfies Endpoint

const memberPage = z.object({
  // No email address: the name and the role are enough to act on.
  members: maybe(z.array(z.object({ username: text, role: text, confirmed: bool, createdAt: count }))),
  // Neither the invited address nor the id, which is what an invitation is redeemed with.
  emailInviteCodes: unset(z.array(z.object({ role: text, createdAt: count, expired: bool }))),
  pagination,
})

export const members = {
  id: 'members',
  path: team('v3', '/members?limit=100'),
  schema: memberPage,
  scope: 'read:team',
  paging: cursorPaging<z.infer<typeof memberPage>>('until', page => page.pagination?.next, mergeMembers),
} satisfies Endpoint

export const user = {
  id: 'user',
  path: () => '/v2/user',
  // An integration's token sees a limited user, which has these two.
  schema: z.object({ user: z.object({ id: segment, username: z.string() }) }),
  scope: 'read:user',
} satisfies Endpoint

/** A page without a readable list makes the whole unreadable, never shorter. Invitations stand on the first page. */
function mergeMembers(pages: readonly z.infer<typeof memberPage>[]): z.infer<typeof memberPage> {
  const lists = pages.map(page => page.members)
  return {
    members: lists.every(list => Array.isArray(list)) ? lists.flat() : undefined,
    emailInviteCodes: pages[0]?.emailInviteCodes,
    pagination: null,
  }
}
