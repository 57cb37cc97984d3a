import type { Check } from '../../contract'
import { auditTrail } from './audit-trail'
import { buildLogsPrivate } from './build-logs-private'
import { certificateValid } from './certificate-valid'
import { envSecretsMarked } from './env-secrets-marked'
import { forceSsl } from './force-ssl'
import { hooksSecure } from './hooks-secure'
import { membersMfa } from './members-mfa'
import { mfaEnforced } from './mfa-enforced'
import { previewsProtected } from './previews-protected'
import { productionFromGit } from './production-from-git'
import { staleMembers } from './stale-members'
import { untrustedBuilds } from './untrusted-builds'

/** In the order in which they are shown: of a site, then of a team. */
export const checks: readonly Check[] = [
  forceSsl,
  certificateValid,
  previewsProtected,
  untrustedBuilds,
  productionFromGit,
  buildLogsPrivate,
  envSecretsMarked,
  hooksSecure,
  membersMfa,
  mfaEnforced,
  staleMembers,
  auditTrail,
]
