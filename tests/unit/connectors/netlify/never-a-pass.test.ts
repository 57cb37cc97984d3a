import { netlify } from '#server/connectors/netlify'
import { neverAPass } from '../never-a-pass'
import { evaluate } from './evaluate'
import { passing } from './passing'

/** Fields that inform, or that only narrow what is asked: their absence changes the evidence, or asks for more. */
const informing: Record<string, string[]> = {
  netlify_previews_protected: ['has_password', 'password_context'],
  netlify_untrusted_builds: ['private_logs'],
  netlify_build_logs_private: ['untrusted_flow'],
  netlify_hooks_secure: ['event', 'disabled'],
  netlify_members_mfa: ['full_name', 'role', 'pending', 'managed_by_directory_sync', 'last_activity_date', 'created_at'],
  netlify_mfa_enforced: ['type_name', 'enforce_saml'],
  netlify_stale_members: ['full_name', 'role', 'mfa_enabled', 'managed_by_directory_sync', 'created_at'],
}

neverAPass({
  connector: netlify,
  evaluate,
  passing,
  decides: (id, field) => !(informing[id] ?? []).includes(field),
  // Left out while no renewal has failed.
  optional: (_id, field) => field === 'renewal_error_message',
})
