/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import type { Bodies } from './evaluate'

type User = Record<string, unknown>

/** A person as Slack lists them to an owner or admin, with what is to be left behind. */
export const user = (name: string, changes: User = {}): User => ({
  id: `U0${name.toUpperCase()}`,
  name,
  team_id: 'T012AB3C4',
  deleted: false,
  is_bot: false,
  is_admin: false,
  is_owner: false,
  is_restricted: false,
  is_ultra_restricted: false,
  is_email_confirmed: true,
  has_2fa: true,
  two_factor_type: 'app',
  profile: { email: 'secret detail', phone: 'secret detail' },
  ...changes,
})

export const owner = user('olga', { is_admin: true, is_owner: true })
export const admin = user('adam', { is_admin: true })
export const member = user('mia')
export const guest = user('gus', { is_restricted: true })
export const bot = user('robot', { is_bot: true, has_2fa: false, is_email_confirmed: false })

const end = { response_metadata: { next_cursor: '' } }
export const list = (...members: User[]) => ({ ok: true, members, ...end })
export const channel = (name: string, changes: object = {}) => ({ id: `C0${name.toUpperCase()}`, name, is_ext_shared: false, is_pending_ext_shared: false, topic: { value: 'secret detail' }, ...changes })
export const channels = (...all: object[]) => ({ ok: true, channels: all, ...end })
export const team = (changes: object = {}) => ({ ok: true, team: { name: 'Acme', domain: 'acme', email_domain: 'acme.example', ...changes } })
export const preferences = (changes: object = {}) => ({ ok: true, allow_message_deletion: false, msg_edit_window_mins: 30, who_can_post_general: 'admin', ...changes })

const shared = { public_channels: channels(channel('general')), private_channels: channels(channel('board')) }

/** The last person of a list is the one whose fields are taken away. */
export const passing: Readonly<Record<string, Bodies>> = {
  slack_members_2fa: { members_as_admin: list(owner, bot, member), workspace: team() },
  slack_admins_2fa: { members_as_admin: list(owner, member, admin), workspace: team() },
  slack_emails_confirmed: { members: list(owner, bot, member) },
  slack_admin_count: { members: list(owner, admin, bot, member) },
  slack_guest_inventory: { members: list(owner, guest, admin, user('max'), member) },
  slack_sign_up_closed: { workspace: team() },
  slack_external_channels: shared,
  slack_pending_shares: shared,
  slack_message_integrity: { preferences: preferences() },
  slack_general_posting: { preferences: preferences() },
}
