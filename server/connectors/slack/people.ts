/**
 * Who of a list of users is a person of this workspace. Slack also lists what was deactivated, bots, and people of other
 * organizations with whom a channel is shared (https://docs.slack.dev/reference/objects/user-object). What is not said counts as
 * the case that can fail.
 */
import type { ResourceDescription } from '../contract'
import type { Member } from './endpoints'

/** Slack's own bot, which says of itself that it is none. */
const slackbot = 'USLACKBOT'

export interface People {
  /** Everybody who can sign in: members, owners, admins and guests. */
  active: Member[]
  /** Invited, and never signed in. */
  invited: number
  /** Of other organizations. */
  external: number
}

export function peopleOf(members: readonly Member[], resource: ResourceDescription): People {
  const human = members.filter(one => one.deleted !== true && one.is_bot !== true && one.is_workflow_bot !== true && one.id !== slackbot)
  const own = human.filter(one => isOwn(one, resource))
  const active = own.filter(one => one.is_invited_user !== true)
  return { active, invited: own.length - active.length, external: human.length - own.length }
}

function isOwn({ is_stranger, team_id, enterprise_user }: Member, { externalId, metadata }: ResourceDescription): boolean {
  if (is_stranger === true) return false
  if (!team_id || team_id === externalId) return true
  // In an organization a person's home may be another workspace of it.
  return typeof metadata.enterprise_id === 'string' && (team_id === metadata.enterprise_id || enterprise_user?.enterprise_id === metadata.enterprise_id)
}

export const isGuest = (one: Member) => one.is_restricted === true || one.is_ultra_restricted === true

/** Undefined: Slack did not say. */
export function isAdmin(one: Member): boolean | undefined {
  if (one.is_admin === true || one.is_owner === true) return true
  return one.is_admin === false && one.is_owner === false ? false : undefined
}

/** The handle and the id: enough to find somebody, and no address. */
export const nameOf = (one: Member) => `${one.name ?? 'unnamed'} (${one.id})`
