import type { Check } from '../../contract'
import { apiKeysModern } from './api-keys-modern'
import { apiSurfaceMinimal } from './api-surface-minimal'
import { authLeakedPasswords } from './auth-leaked-passwords'
import { authMfaAvailable } from './auth-mfa-available'
import { authPasswordPolicy } from './auth-password-policy'
import { authSignupHardened } from './auth-signup-hardened'
import { backupsRecent } from './backups-recent'
import { functionsVerifyJwt } from './functions-verify-jwt'
import { networkRestricted } from './network-restricted'
import { orgMembersMfa } from './org-members-mfa'
import { postgresCurrent } from './postgres-current'
import { rlsEnabled } from './rls-enabled'
import { rlsPoliciesEffective } from './rls-policies-effective'
import { sensitiveDataNotExposed } from './sensitive-data-not-exposed'
import { sslEnforced } from './ssl-enforced'
import { storagePublicBuckets } from './storage-public-buckets'

/** Every question asked of a project. */
export const checks: readonly Check[] = [
  rlsEnabled,
  rlsPoliciesEffective,
  sensitiveDataNotExposed,
  authPasswordPolicy,
  authLeakedPasswords,
  authMfaAvailable,
  authSignupHardened,
  apiSurfaceMinimal,
  apiKeysModern,
  functionsVerifyJwt,
  sslEnforced,
  networkRestricted,
  backupsRecent,
  orgMembersMfa,
  postgresCurrent,
  storagePublicBuckets,
]
