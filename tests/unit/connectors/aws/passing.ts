/** For every check a set of answers with which it passes; other fixtures are these with something changed. */
import type { Bodies } from '../evaluate'

const head = 'user,arn,password_enabled,password_last_used,password_last_changed,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date'
const root = '<root_account>,arn:aws:iam::123456789012:root,not_supported,2026-01-01T00:00:00+00:00,not_supported,true,false,N/A,N/A,false,N/A,N/A'

export const recent = '2026-11-20T00:00:00+00:00'
export interface Row { user: string, password: string, used: string, changed: string, mfa: string, key: string, rotated: string, keyUsed: string }
export const good: Row = { user: 'ines', password: 'true', used: recent, changed: '2026-10-20T00:00:00+00:00', mfa: 'true', key: 'true', rotated: '2026-10-20T00:00:00+00:00', keyUsed: recent }

/** A credential report with these users beside root. */
export function report(...rows: Partial<Row>[]): Bodies {
  const lines = rows.map(row => ({ ...good, ...row })).map(({ user, password, used, changed, mfa, key, rotated, keyUsed }) =>
    `${user},arn,${password},${used},${changed},${mfa},${key},${rotated},${keyUsed},false,N/A,N/A`)
  return { credential_report: { content: [head, root, ...lines].join('\n'), generated: '2026-11-22T10:00:00Z' } }
}

export const policy = { PasswordPolicy: { MinimumPasswordLength: 14, PasswordReusePrevention: 24 } }
export const trail = { Name: 'all', HomeRegion: 'us-east-1', IsMultiRegionTrail: true, IsOrganizationTrail: false, LogFileValidationEnabled: true, IsLogging: true }
export const rule = { IpProtocol: 'tcp', FromPort: 443, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }], Ipv6Ranges: [], PrefixListIds: [] }
export const group = { GroupId: 'sg-1', GroupName: 'web', VpcId: 'vpc-1', IpPermissions: [rule] }
export const database = { DBInstanceIdentifier: 'orders', Engine: 'postgres', PubliclyAccessible: false, StorageEncrypted: true, BackupRetentionPeriod: 7 }
export const key = { KeyId: 'k1', KeyManager: 'CUSTOMER', KeySpec: 'SYMMETRIC_DEFAULT', KeyState: 'Enabled', Origin: 'AWS_KMS', KeyRotationEnabled: true }

export const passing: Readonly<Record<string, Bodies>> = {
  aws_root_mfa: { account_summary: { SummaryMap: { AccountMFAEnabled: 1, AccountAccessKeysPresent: 0, AccountPasswordPresent: 1 } } },
  aws_root_no_access_keys: { account_summary: { SummaryMap: { AccountAccessKeysPresent: 0 } } },
  aws_trust_requires_external_id: { trust: { withId: true, withoutId: false, withAnotherId: false } },
  aws_user_mfa: report({}),
  aws_password_policy: { password_policy: policy, ...report({}) },
  aws_stale_credentials: report({}),
  aws_s3_public_access_block: { s3_public_access_block: { PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true } } },
  aws_cloudtrail_enabled: { trails: [trail] },
  aws_rds_hardened: { rds_instances: [database] },
  aws_sg_no_public_admin: { security_groups: [group] },
  aws_guardduty_enabled: { guardduty_detectors: [{ Status: 'ENABLED' }] },
  aws_ebs_default_encryption: { ebs_encryption_by_default: { EbsEncryptionByDefault: true } },
  aws_kms_rotation: { kms_keys: [key] },
}
