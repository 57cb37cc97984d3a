import type { Check } from '../../contract'
import { adminCount } from './admin-count'
import { admins2fa } from './admins-2fa'
import { emailsConfirmed } from './emails-confirmed'
import { externalChannels } from './external-channels'
import { generalPosting } from './general-posting'
import { guestInventory } from './guest-inventory'
import { members2fa } from './members-2fa'
import { messageIntegrity } from './message-integrity'
import { pendingShares } from './pending-shares'
import { signUpClosed } from './sign-up-closed'

/** Every question asked of a workspace. */
export const checks: readonly Check[] = [
  members2fa,
  admins2fa,
  emailsConfirmed,
  adminCount,
  guestInventory,
  signUpClosed,
  externalChannels,
  pendingShares,
  messageIntegrity,
  generalPosting,
]
