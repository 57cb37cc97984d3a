import { describe, expect, it } from 'vitest'
import { aws } from '#server/connectors/aws'
import type { Bodies } from '../evaluate'
import { evaluate } from './evaluate'
import { database, group, key, passing, policy, recent, report, rule, trail } from './passing'

type Row = [when: string, bodies: Bodies, verdict: string, says: RegExp]

const summary = (map: object) => ({ account_summary: { SummaryMap: map } })
const trust = (body: unknown) => ({ trust: body })
const passwords = (body: object | null, ...rows: Parameters<typeof report>) => ({ password_policy: body && { PasswordPolicy: { ...policy.PasswordPolicy, ...body } }, ...report(...(rows.length ? rows : [{}])) })
const block = (changes: object) => ({ s3_public_access_block: { PublicAccessBlockConfiguration: { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true, ...changes } } })
const trails = (...list: object[]) => ({ trails: list.map(changes => ({ ...trail, ...changes })) })
const databases = (...list: object[]) => ({ rds_instances: list.map(changes => ({ ...database, ...changes })) })
const rules = (...list: object[]) => ({ security_groups: [{ ...group, IpPermissions: list.map(changes => ({ ...rule, ...changes })) }] })
const keys = (...list: object[]) => ({ kms_keys: list.map(changes => ({ ...key, ...changes })) })
const odd = (content: string) => ({ credential_report: { content, generated: '2026-11-22T10:00:00Z' } })

const reports: Row[] = [
  ['the report is empty', odd(''), 'rejected', /credential_report/],
  ['root is not in the report', odd('user,arn\nines,x'), 'rejected', /credential_report/],
  ['a row of the report is cut', { credential_report: { content: `${(report({}).credential_report as { content: string }).content}\ntomas,arn` } }, 'rejected', /credential_report/],
  ['malformed', { credential_report: [] }, 'rejected', /credential_report/],
]

const tables: Record<string, Row[]> = {
  aws_root_mfa: [
    ['there is none', summary({ AccountMFAEnabled: 0, AccountPasswordPresent: 1, AccountAccessKeysPresent: 0 }), 'fail', /no second factor/],
    ['there is none, and nobody says whether there is a password', summary({ AccountMFAEnabled: 0 }), 'fail', /no second factor/],
    ['the organization has removed the root credentials', summary({ AccountMFAEnabled: 0, AccountPasswordPresent: 0, AccountAccessKeysPresent: 0 }), 'not_applicable', /neither/],
    ['there is no password and still a key', summary({ AccountMFAEnabled: 0, AccountPasswordPresent: 0, AccountAccessKeysPresent: 1 }), 'fail', /no second factor/],
    ['it is not said', summary({}), 'error', /did not say/],
    ['it is a word', summary({ AccountMFAEnabled: 'yes' }), 'error', /did not say/],
    ['malformed', { account_summary: {} }, 'rejected', /account_summary/],
  ],
  aws_root_no_access_keys: [
    ['there is one', summary({ AccountAccessKeysPresent: 1 }), 'fail', /has access keys/],
    ['it is not said', summary({}), 'error', /did not say/],
    ['malformed', { account_summary: [] }, 'rejected', /account_summary/],
  ],
  aws_trust_requires_external_id: [
    ['it opens without an id', trust({ withId: true, withoutId: true, withAnotherId: false }), 'fail', /without an external id/],
    ['it opens with any', trust({ withId: true, withoutId: false, withAnotherId: true }), 'fail', /any external id/],
    ['it did not open at all', trust({ withId: false, withoutId: false, withAnotherId: false }), 'error', /could not be seen/],
    ['one way was not tried', trust({ withId: true, withoutId: false }), 'error', /could not be seen/],
    ['empty', trust({}), 'error', /could not be seen/],
    ['malformed', trust('no'), 'rejected', /trust/],
  ],
  aws_user_mfa: [
    ['one has none', report({}, { user: 'tomas', mfa: 'false' }), 'fail', /^1 user has/],
    ['who has none has no password either', report({}, { user: 'ci', password: 'false', mfa: 'false' }), 'pass', /Every user/],
    ['nobody has a password', report({ password: 'false', mfa: 'false' }), 'not_applicable', /Nobody/],
    ['there are no users', report(), 'not_applicable', /no IAM users/],
    ['it is not said whether there is a password', report({ password: 'no_information' }), 'error', /did not say/],
    ['it is not said whether there is a factor', report({ mfa: '' }), 'error', /did not say/],
    ['a name holds a comma', report({ user: '"okafor,ines"', mfa: 'false' }), 'fail', /1 user/],
    ...reports,
  ],
  aws_password_policy: [
    ['it asks for fewer characters', passwords({ MinimumPasswordLength: 13 }), 'fail', /13 characters/],
    ['it remembers fewer', passwords({ PasswordReusePrevention: 23 }), 'fail', /23 earlier/],
    ['it remembers none', passwords({ PasswordReusePrevention: undefined }), 'fail', /0 earlier/],
    ['there is none', passwords(null), 'fail', /no password policy/],
    ['nobody has a password', passwords(null, { password: 'false' }), 'not_applicable', /Nobody/],
    ['nobody knows who has one', passwords(null, { password: '?' }), 'error', /did not say/],
    ['empty', { password_policy: { PasswordPolicy: {} }, ...report({}) }, 'error', /did not say/],
    ['malformed', { password_policy: [], ...report({}) }, 'rejected', /password_policy/],
  ],
  aws_stale_credentials: [
    ['a password was not used for 46 days', report({ used: '2026-10-07T00:00:00+00:00', changed: '2026-01-01T00:00:00+00:00' }), 'fail', /not used for 45 days/],
    ['it was never used, and is young', report({ used: 'no_information', changed: recent }), 'pass', /in use/],
    ['it was never used, and is old', report({ used: 'no_information', changed: '2026-01-01T00:00:00+00:00' }), 'fail', /not used/],
    ['a key is 91 days old', report({ rotated: '2026-08-23T00:00:00+00:00' }), 'fail', /older than 90 days/],
    ['a key was never used', report({ rotated: '2026-09-01T00:00:00+00:00', keyUsed: 'N/A' }), 'fail', /not used/],
    ['an old key is not active', report({ key: 'false', rotated: '2020-01-01T00:00:00+00:00' }), 'pass', /in use/],
    ['nobody has anything', report({ password: 'false', key: 'false' }), 'not_applicable', /No user/],
    ['a date is a word', report({ keyUsed: 'recently' }), 'error', /did not say when/],
    ['whether a key is active is not said', report({ key: '' }), 'error', /did not say/],
    ...reports,
  ],
  aws_s3_public_access_block: [
    ['one is off', block({ IgnorePublicAcls: false }), 'fail', /not ignored/],
    ['all are off', block({ BlockPublicAcls: false, IgnorePublicAcls: false, BlockPublicPolicy: false, RestrictPublicBuckets: false }), 'fail', /not blocked; present/],
    ['there is none', { s3_public_access_block: null }, 'fail', /no block/],
    ['one is not said', block({ BlockPublicPolicy: undefined }), 'error', /BlockPublicPolicy/],
    ['malformed', { s3_public_access_block: {} }, 'rejected', /s3_public/],
  ],
  aws_cloudtrail_enabled: [
    ['there is none', { trails: [] }, 'fail', /no trail/],
    ['it is of one region', trails({ IsMultiRegionTrail: false }), 'fail', /all regions/],
    ['it does not log', trails({ IsLogging: false }), 'fail', /does not log/],
    ['its files have no digests', trails({ LogFileValidationEnabled: false }), 'fail', /validated/],
    ['one of two is good', trails({ IsMultiRegionTrail: false }, {}), 'pass', /logs all regions/],
    ['the good one is the organization\'s', trails({ IsOrganizationTrail: true, KmsKeyId: 'arn' }), 'pass', /logs all regions/],
    ['whether it logs is not said', trails({ IsLogging: undefined }), 'error', /did not say/],
    ['malformed', { trails: {} }, 'rejected', /trails/],
  ],
  aws_rds_hardened: [
    ['one is public', databases({}, { PubliclyAccessible: true }), 'fail', /1 database is public/],
    ['one is everything', databases({ PubliclyAccessible: true, StorageEncrypted: false, BackupRetentionPeriod: 0 }), 'fail', /public; .*not encrypted; .*not backed up/],
    ['there are none', databases(), 'not_applicable', /no database/],
    ['one field is not said', databases({ StorageEncrypted: undefined }), 'error', /did not say/],
    ['malformed', { rds_instances: [{}] }, 'rejected', /rds/],
  ],
  aws_sg_no_public_admin: [
    ['SSH is open', rules({ FromPort: 22, ToPort: 22 }), 'fail', /1 security group/],
    ['RDP is open over IPv6', rules({ FromPort: 3389, ToPort: 3389, IpRanges: [], Ipv6Ranges: [{ CidrIpv6: '::/0' }] }), 'fail', /SSH or RDP/],
    ['a range holds it', rules({ FromPort: 0, ToPort: 65535 }), 'fail', /SSH or RDP/],
    ['everything is open', rules({ IpProtocol: '-1', FromPort: undefined, ToPort: undefined }), 'fail', /SSH or RDP/],
    ['SSH is open to an office', rules({ FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '203.0.113.0/24' }] }), 'pass', /No security group/],
    ['SSH is open to both halves of the internet', rules({ FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/1' }, { CidrIp: '128.0.0.0/1' }] }), 'fail', /1 security group/],
    ['SSH is open to half of it', rules({ FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '0.0.0.0/1' }] }), 'fail', /1 security group/],
    ['SSH is open to its four quarters', rules({ FromPort: 22, ToPort: 22, IpRanges: ['0', '64', '128', '192'].map(first => ({ CidrIp: `${first}.0.0.0/2` })) }), 'fail', /1 security group/],
    ['RDP is open to all addresses of IPv6 that are in use', rules({ FromPort: 3389, ToPort: 3389, IpRanges: [], Ipv6Ranges: [{ CidrIpv6: '2000::/3' }] }), 'fail', /1 security group/],
    ['RDP is open to both halves of IPv6', rules({ FromPort: 3389, ToPort: 3389, IpRanges: [], Ipv6Ranges: [{ CidrIpv6: '::/1' }, { CidrIpv6: '8000::/1' }] }), 'fail', /1 security group/],
    ['SSH is open to a prefix list', rules({ FromPort: 22, ToPort: 22, IpRanges: [], PrefixListIds: [{ PrefixListId: 'pl-1' }] }), 'error', /prefix list/],
    ['everything is open to a prefix list', rules({ IpProtocol: '-1', FromPort: undefined, ToPort: undefined, IpRanges: [], PrefixListIds: [{ PrefixListId: 'pl-1' }] }), 'error', /prefix list/],
    ['SSH is open to a prefix list and to everybody', rules({ FromPort: 22, ToPort: 22, PrefixListIds: [{ PrefixListId: 'pl-1' }] }), 'fail', /1 security group/],
    ['another port is open to a prefix list', rules({ IpRanges: [], PrefixListIds: [{ PrefixListId: 'pl-1' }] }), 'pass', /No security group/],
    ['whether a prefix list is named is not said', rules({ FromPort: 22, ToPort: 22, IpRanges: [], PrefixListIds: undefined }), 'error', /did not say/],
    ['a source is no network', rules({ FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: 'everywhere' }] }), 'error', /did not say/],
    ['ping is open', rules({ IpProtocol: 'icmp', FromPort: -1, ToPort: -1 }), 'pass', /No security group/],
    ['one is open, another not read', { security_groups: [{ ...group, IpPermissions: undefined }, { ...group, IpPermissions: [{ ...rule, FromPort: 22, ToPort: 22 }] }] }, 'fail', /1 security group/],
    ['the ports are not said', rules({ FromPort: undefined }), 'error', /did not say/],
    ['the sources are not said', rules({ IpRanges: undefined }), 'error', /did not say/],
    ['there is none', { security_groups: [] }, 'not_applicable', /no security group/],
    ['malformed', { security_groups: {} }, 'rejected', /security_groups/],
  ],
  aws_guardduty_enabled: [
    ['there is none', { guardduty_detectors: [] }, 'fail', /not enabled/],
    ['it is off', { guardduty_detectors: [{ Status: 'DISABLED' }] }, 'fail', /switched off/],
    ['the word is new', { guardduty_detectors: [{ Status: 'SUSPENDED' }] }, 'error', /did not say/],
    ['it is not said', { guardduty_detectors: [{}] }, 'error', /did not say/],
    ['malformed', { guardduty_detectors: {} }, 'rejected', /guardduty/],
  ],
  aws_ebs_default_encryption: [
    ['it is off', { ebs_encryption_by_default: { EbsEncryptionByDefault: false } }, 'fail', /not encrypted/],
    ['it is not said', { ebs_encryption_by_default: {} }, 'error', /did not say/],
    ['malformed', { ebs_encryption_by_default: null }, 'rejected', /ebs/],
  ],
  aws_kms_rotation: [
    ['one does not', keys({}, { KeyId: 'k2', KeyRotationEnabled: false }), 'fail', /1 key does not/],
    ['those that cannot are not asked', keys({}, { KeySpec: 'RSA_2048', KeyRotationEnabled: undefined }, { Origin: 'EXTERNAL', KeyRotationEnabled: undefined }, { KeyManager: 'AWS', KeyRotationEnabled: undefined }, { KeyState: 'Disabled', KeyRotationEnabled: undefined }), 'pass', /Every key/],
    ['none can', keys({ KeyManager: 'AWS' }), 'not_applicable', /no key here/],
    ['there are none', keys(), 'not_applicable', /no key here/],
    ['a key shuts us out', { kms_keys: [key, { KeyId: 'k2' }] }, 'error', /did not say/],
    ['malformed', { kms_keys: 'x' }, 'rejected', /kms/],
  ],
}

describe.each(aws.checks.map(check => check.id))('%s', (id) => {
  it('passes', () => {
    expect(evaluate(id, passing[id] ?? {})).toMatchObject({ verdict: 'pass' })
  })

  it.each(tables[id] ?? [])('when %s', (_when, bodies, verdict, says) => {
    const outcome = evaluate(id, bodies)
    expect(outcome).toMatchObject({ verdict })
    expect(outcome.summary).toMatch(says)
  })
})

it('every check has its table', () => {
  expect(Object.keys(tables).sort()).toEqual(aws.checks.map(check => check.id).sort())
})
