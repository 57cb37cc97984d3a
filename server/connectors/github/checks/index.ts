import type { Check } from '../../contract'
import { actionsLeastPrivilege } from './actions-least-privilege'
import { basePermissionMinimal } from './base-permission-minimal'
import { branchProtected } from './branch-protected'
import { codeScanning } from './code-scanning'
import { dependabot } from './dependabot'
import { deployKeysReadOnly } from './deploy-keys-read-only'
import { historyProtected } from './history-protected'
import { org2faRequired } from './org-2fa-required'
import { ownersFew } from './owners-few'
import { repoCreationLimited } from './repo-creation-limited'
import { reviewsRequired } from './reviews-required'
import { secretAlertsOpen } from './secret-alerts-open'
import { secretScanning } from './secret-scanning'
import { statusChecksRequired } from './status-checks-required'
import { webhooksSecure } from './webhooks-secure'

/** Every question, those of an organization first. */
export const checks: readonly Check[] = [
  org2faRequired,
  basePermissionMinimal,
  repoCreationLimited,
  ownersFew,
  actionsLeastPrivilege,
  webhooksSecure,
  branchProtected,
  reviewsRequired,
  historyProtected,
  statusChecksRequired,
  secretScanning,
  secretAlertsOpen,
  dependabot,
  codeScanning,
  deployKeysReadOnly,
]
