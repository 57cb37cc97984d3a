import type { Check } from '../../contract'
import { cloudtrailEnabled } from './cloudtrail-enabled'
import { ebsDefaultEncryption } from './ebs-default-encryption'
import { guarddutyEnabled } from './guardduty-enabled'
import { kmsRotation } from './kms-rotation'
import { passwordPolicy } from './password-policy'
import { rdsHardened } from './rds-hardened'
import { rootMfa } from './root-mfa'
import { rootNoAccessKeys } from './root-no-access-keys'
import { s3PublicAccessBlock } from './s3-public-access-block'
import { sgNoPublicAdmin } from './sg-no-public-admin'
import { staleCredentials } from './stale-credentials'
import { trustRequiresExternalId } from './trust-requires-external-id'
import { userMfa } from './user-mfa'

/** In the order in which they are shown: of an account, then of a region. */
export const checks: readonly Check[] = [
  rootMfa,
  rootNoAccessKeys,
  trustRequiresExternalId,
  userMfa,
  passwordPolicy,
  staleCredentials,
  s3PublicAccessBlock,
  cloudtrailEnabled,
  rdsHardened,
  sgNoPublicAdmin,
  guarddutyEnabled,
  ebsDefaultEncryption,
  kmsRotation,
]
