import { slack } from '#server/connectors/slack'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** What a check decides by; the rest says who and where, or whether somebody counts at all: unsaid, they count. */
const deciding: Record<string, string[]> = {
  slack_members_2fa: ['has_2fa'],
  slack_admins_2fa: ['has_2fa', 'two_factor_type', 'is_admin'],
  slack_emails_confirmed: ['is_email_confirmed'],
  slack_admin_count: ['is_admin', 'is_owner'],
  slack_guest_inventory: ['is_restricted', 'is_ultra_restricted'],
  slack_sign_up_closed: ['email_domain', 'team'],
  slack_external_channels: ['is_ext_shared'],
  slack_pending_shares: ['is_pending_ext_shared'],
  slack_message_integrity: ['allow_message_deletion', 'msg_edit_window_mins'],
  slack_general_posting: ['who_can_post_general'],
}
const everywhere = ['ok', 'members', 'channels', 'id']

neverAPass({
  connector: slack,
  evaluate,
  passing,
  decides: (id, field) => everywhere.includes(field) || (deciding[id] ?? []).includes(field),
})
