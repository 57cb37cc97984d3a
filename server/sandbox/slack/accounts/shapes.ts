/**
 * The wire shapes of users and channels. They carry addresses, telephone numbers and topics, as the real ones do: whoever reads them
 * must leave those behind.
 */
import type { JsonValue } from '../../store'
import type { SandboxAccount, SandboxChannel, SandboxPerson, SandboxWorkspace } from './account'
import { idOf } from './make'

const created = 1_700_000_000
const kept = 'nobody-may-keep'
const elsewhere = 'T0ELSEWHERE0'

/** @param seesFactors whether an owner or admin asks */
export function userShape({ handle, role, factor, emailConfirmed }: SandboxPerson, workspace: SandboxWorkspace, account: SandboxAccount, seesFactors: boolean): JsonValue {
  const id = handle === 'slackbot' ? 'USLACKBOT' : idOf('U', handle)
  const admin = role === 'owner' || role === 'admin'
  const teamId = role === 'external' ? elsewhere : workspace.id
  return {
    id,
    team_id: teamId,
    name: handle,
    deleted: role === 'deactivated',
    profile: {
      real_name: handle, display_name: handle, email: `${handle}@${kept}.example`, phone: kept, avatar_hash: 'g0000', team: teamId,
      ...(role === 'bot' && { api_app_id: 'A0ALLYSHIP00', bot_id: idOf('B', handle) }),
    },
    is_bot: role === 'bot',
    is_app_user: false,
    updated: created,
    // Of a deactivated account Slack says little.
    ...(role !== 'deactivated' && {
      color: '9f69e7', real_name: handle, tz: 'Europe/Berlin', tz_label: 'Central European Time', tz_offset: 3600,
      is_admin: admin,
      is_owner: role === 'owner',
      is_primary_owner: role === 'owner',
      is_restricted: role === 'guest',
      is_ultra_restricted: false,
      is_email_confirmed: emailConfirmed,
      ...(role === 'invited' && { is_invited_user: true }),
      ...(role === 'external' && { is_stranger: false }),
      ...(account.kind === 'organization' && role !== 'external' && {
        enterprise_user: { id, enterprise_id: account.id, enterprise_name: account.name, is_admin: false, is_owner: false, teams: [workspace.id] },
      }),
      ...(seesFactors && role !== 'bot' && role !== 'external' && { has_2fa: factor !== null, ...(factor && { two_factor_type: factor }) }),
    }),
  }
}

export function channelShape({ name, isPrivate, shared, archived }: SandboxChannel, workspace: SandboxWorkspace): JsonValue {
  return {
    id: idOf('C', `${workspace.id} ${name}`),
    name,
    name_normalized: name,
    created,
    creator: idOf('U', 'ines.okafor'),
    is_channel: !isPrivate,
    is_group: isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: isPrivate,
    is_archived: archived,
    is_general: name === 'general',
    is_member: isPrivate,
    is_shared: shared === 'external',
    is_org_shared: false,
    is_ext_shared: shared === 'external',
    is_pending_ext_shared: shared === 'pending',
    pending_shared: shared === 'pending' ? [elsewhere] : [],
    previous_names: [],
    num_members: 12,
    unlinked: 0,
    topic: { value: kept, creator: '', last_set: 0 },
    purpose: { value: kept, creator: '', last_set: 0 },
  }
}
