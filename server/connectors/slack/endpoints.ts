/**
 * The Web API methods that the checks read, https://docs.slack.dev/reference/methods. Every schema is an allow-list: profiles
 * hold addresses and telephone numbers, channels their topics, and none of that is named here. No method that reads messages or
 * files is ever called.
 *
 * `ok` must be true and a cursor must be one: a list that ended early because its cursor was odd would be a list that looks
 * better than it is. Any other odd field is `undefined`, which costs one check its verdict.
 *
 * Each call names its workspace: an app that is installed in a whole organization has one token for all of them, and a token of
 * one workspace takes the parameter as well.
 */
import { z } from 'zod'
import type { Endpoint, Paging, ResourceDescription } from '../contract'
import { cursorPaging } from '../paging'

const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().catch(undefined)
const bool = maybe(z.boolean())
const text = maybe(z.string())
const count = maybe(z.number())
/** Ids go into the queries of later calls. */
const id = z.string().regex(/^[A-Z0-9]{2,40}$/)
const ok = z.literal(true)
const more = { response_metadata: z.object({ next_cursor: z.string().nullish() }).nullish() }

type Listed = { response_metadata?: { next_cursor?: string | null } | null }

/** `next_cursor` is empty at the end. Slack recommends 200 a page. */
function paged<T extends Listed>(merge: (pages: readonly T[]) => T): Paging<T> {
  return cursorPaging('cursor', answer => answer.response_metadata?.next_cursor, merge)
}
const perPage = 'limit=200'
const teamOf = (resource: ResourceDescription) => encodeURIComponent(resource.externalId)

/** `auth.test` and `auth.teams.list` ask for no permission; named is the one without which the next call fails. */
export const identity = {
  id: 'identity',
  path: () => '/api/auth.test',
  schema: z.object({ ok, team_id: maybe(id), team: text, enterprise_id: maybe(id), is_enterprise_install: z.boolean().nullish() }),
  scope: 'team:read',
} satisfies Endpoint

const workspacesSchema = z.object({ ok, teams: z.array(z.object({ id, name: text })), ...more })

/** The workspaces that an organization's app was added to. */
export const workspaces = {
  id: 'workspaces',
  path: () => `/api/auth.teams.list?${perPage}`,
  schema: workspacesSchema,
  scope: 'team:read',
  paging: paged<z.infer<typeof workspacesSchema>>(pages => ({ ok: true, teams: pages.flatMap(page => page.teams) })),
} satisfies Endpoint

export const workspace = {
  id: 'workspace',
  path: resource => `/api/team.info?team=${teamOf(resource)}`,
  schema: z.object({
    ok,
    team: z.object({
      name: text,
      domain: text,
      /** Comma-separated; empty where people join by invitation only. */
      email_domain: text,
      enterprise_id: maybe(id),
      sso_provider: z.object({ type: text, name: text }).nullish().catch({ type: undefined, name: undefined }),
    }),
  }),
  scope: 'team:read',
} satisfies Endpoint

const membersSchema = z.object({
  ok,
  members: z.array(z.object({
    id: z.string(),
    name: text,
    team_id: text,
    enterprise_user: maybe(z.object({ enterprise_id: text })),
    deleted: bool,
    is_bot: bool,
    is_workflow_bot: bool,
    is_stranger: bool,
    is_invited_user: bool,
    is_admin: bool,
    is_owner: bool,
    is_restricted: bool,
    is_ultra_restricted: bool,
    is_email_confirmed: bool,
    has_2fa: bool,
    two_factor_type: text,
  })),
  ...more,
})
export type Member = z.infer<typeof membersSchema>['members'][number]

export const members = {
  id: 'members',
  path: resource => `/api/users.list?${perPage}&team_id=${teamOf(resource)}`,
  schema: membersSchema,
  scope: 'users:read',
  paging: paged<z.infer<typeof membersSchema>>(pages => ({ ok: true, members: pages.flatMap(page => page.members) })),
} satisfies Endpoint

/** As the person sees them who connected: with second factors, if that is an owner or an admin. */
export const membersAsAdmin = { ...members, id: 'members_as_admin', slot: 'user' } satisfies Endpoint

export const preferences = {
  id: 'preferences',
  // It takes no workspace: an organization's token cannot ask it for one.
  path: () => '/api/team.preferences.list',
  schema: z.object({ ok, allow_message_deletion: bool, msg_edit_window_mins: count, who_can_post_general: text }),
  scope: 'team.preferences:read',
} satisfies Endpoint

const channelsSchema = z.object({
  ok,
  channels: z.array(z.object({ id: z.string(), name: text, is_ext_shared: bool, is_pending_ext_shared: bool })),
  ...more,
})
const channels = (type: 'public_channel' | 'private_channel') => ({
  path: (resource: ResourceDescription) => `/api/conversations.list?types=${type}&exclude_archived=true&${perPage}&team_id=${teamOf(resource)}`,
  schema: channelsSchema,
  paging: paged<z.infer<typeof channelsSchema>>(pages => ({ ok: true, channels: pages.flatMap(page => page.channels) })),
})

export const publicChannels = { id: 'public_channels', ...channels('public_channel'), scope: 'channels:read' } satisfies Endpoint

/** An app sees the private channels that it was added to, no others. */
export const privateChannels = { id: 'private_channels', ...channels('private_channel'), scope: 'groups:read' } satisfies Endpoint
