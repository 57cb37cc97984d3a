/**
 * The calls that discovery and the checks make, by the services' API references. Every schema is an allow-list: what it does not
 * name does not leave the parser. A field that is missing or of another type is `undefined` here; no check reads that as a pass.
 */
import { z } from 'zod'
import { isDenied } from './failure'
import { everyPage, operation, optional, regionOf } from './operation'

const maybe = <T extends z.ZodType>(schema: T) => schema.nullish().transform(value => value ?? undefined).catch(undefined)
const bool = maybe(z.boolean())
const count = maybe(z.number())
/** No text of Postgres holds a NUL or half a surrogate pair. */
const words = z.string().transform(value => value.replaceAll('\0', '\uFFFD').toWellFormed())
const text = maybe(words)
const list = <T extends z.ZodType>(item: T) => maybe(z.array(item))

// Of the account: services that are the same in every region.

export const callerIdentity = operation({
  id: 'caller_identity',
  action: 'sts:GetCallerIdentity',
  schema: z.object({ Account: z.string().regex(/^\d{12}$/) }),
  ask: async ({ service }) => {
    const { sdk, client } = await service('sts')
    return client.send(new sdk.GetCallerIdentityCommand({}))
  },
})

export const accountAliases = operation({
  id: 'account_aliases',
  action: 'iam:ListAccountAliases',
  schema: z.object({ AccountAliases: list(words) }),
  ask: async ({ service }) => {
    const { sdk, client } = await service('iam')
    return client.send(new sdk.ListAccountAliasesCommand({}))
  },
})

export const regionList = operation({
  id: 'regions',
  action: 'ec2:DescribeRegions',
  schema: z.object({ Regions: z.array(z.object({ RegionName: words, OptInStatus: text })) }),
  ask: async ({ service }) => {
    const { sdk, client } = await service('ec2')
    return client.send(new sdk.DescribeRegionsCommand({ AllRegions: true }))
  },
})

export const accountSummary = operation({
  id: 'account_summary',
  action: 'iam:GetAccountSummary',
  schema: z.object({ SummaryMap: z.object({ AccountMFAEnabled: count, AccountAccessKeysPresent: count, AccountPasswordPresent: count }) }),
  ask: async ({ service }) => {
    const { sdk, client } = await service('iam')
    return client.send(new sdk.GetAccountSummaryCommand({}))
  },
})

export const passwordPolicy = optional({
  id: 'password_policy',
  action: 'iam:GetAccountPasswordPolicy',
  absentCodes: ['NoSuchEntity'],
  schema: z.object({ PasswordPolicy: z.object({ MinimumPasswordLength: count, PasswordReusePrevention: count }) }),
  ask: async ({ service }) => {
    const { sdk, client } = await service('iam')
    return client.send(new sdk.GetAccountPasswordPolicyCommand({}))
  },
})

export const publicAccessBlock = optional({
  id: 's3_public_access_block',
  action: 's3:GetAccountPublicAccessBlock',
  absentCodes: ['NoSuchPublicAccessBlockConfiguration'],
  schema: z.object({
    PublicAccessBlockConfiguration: z.object({ BlockPublicAcls: bool, IgnorePublicAcls: bool, BlockPublicPolicy: bool, RestrictPublicBuckets: bool }),
  }),
  ask: async ({ service, facts }) => {
    const { sdk, client } = await service('s3control')
    return client.send(new sdk.GetPublicAccessBlockCommand({ AccountId: facts.account_id }))
  },
})

/** Trails of all regions; those of the organization among them. Each with whether it is logging now. */
export const trails = operation({
  id: 'trails',
  action: 'cloudtrail:DescribeTrails',
  schema: z.array(z.object({
    Name: text, HomeRegion: text, IsMultiRegionTrail: bool, IsOrganizationTrail: bool, LogFileValidationEnabled: bool, KmsKeyId: text.transform(key => key !== undefined && key !== ''), IsLogging: bool,
  })),
  ask: async ({ service }) => {
    const { sdk, client } = await service('cloudtrail')
    const { trailList } = await client.send(new sdk.DescribeTrailsCommand({ includeShadowTrails: true }))
    if (!trailList) return undefined
    const multiRegion = trailList.filter(trail => trail.IsMultiRegionTrail)
    const logging = new Map<string | undefined, boolean | undefined>()
    for (const { TrailARN: arn, HomeRegion: home } of multiRegion) {
      const there = await service('cloudtrail', home)
      logging.set(arn, (await there.client.send(new sdk.GetTrailStatusCommand({ Name: arn }))).IsLogging)
    }
    return trailList.map(trail => ({ ...trail, IsLogging: logging.get(trail.TrailARN) }))
  },
})

/** Tries the role's trust policy, as at the start of the connection. */
export const trust = operation({
  id: 'trust',
  action: 'sts:AssumeRole',
  schema: z.object({ withId: bool, withoutId: bool, withAnotherId: bool }),
  ask: ({ trust }) => trust(),
})

// Of a region.

export const detectors = operation({
  id: 'guardduty_detectors',
  action: 'guardduty:ListDetectors',
  schema: z.array(z.object({ Status: text })),
  ask: async ({ service }, resource) => {
    const { sdk, client } = await service('guardduty', regionOf(resource))
    const ids = await everyPage('guardduty:ListDetectors', NextToken => client.send(new sdk.ListDetectorsCommand({ NextToken })), answer => ({ items: answer.DetectorIds, next: answer.NextToken }))
    return Promise.all(ids.map(async DetectorId => client.send(new sdk.GetDetectorCommand({ DetectorId }))))
  },
})

const rule = z.object({
  IpProtocol: text, FromPort: count, ToPort: count,
  IpRanges: list(z.object({ CidrIp: text })), Ipv6Ranges: list(z.object({ CidrIpv6: text })),
  PrefixListIds: list(z.object({ PrefixListId: text })),
})

export const securityGroups = operation({
  id: 'security_groups',
  action: 'ec2:DescribeSecurityGroups',
  schema: z.array(z.object({ GroupId: words, GroupName: text, VpcId: text, IpPermissions: list(rule) })),
  ask: async ({ service }, resource) => {
    const { sdk, client } = await service('ec2', regionOf(resource))
    return everyPage('ec2:DescribeSecurityGroups', NextToken => client.send(new sdk.DescribeSecurityGroupsCommand({ MaxResults: 1000, NextToken })),
      answer => ({ items: answer.SecurityGroups, next: answer.NextToken }))
  },
})

export const ebsEncryption = operation({
  id: 'ebs_encryption_by_default',
  action: 'ec2:GetEbsEncryptionByDefault',
  schema: z.object({ EbsEncryptionByDefault: bool }),
  ask: async ({ service }, resource) => {
    const { sdk, client } = await service('ec2', regionOf(resource))
    return client.send(new sdk.GetEbsEncryptionByDefaultCommand({}))
  },
})

export const databases = operation({
  id: 'rds_instances',
  action: 'rds:DescribeDBInstances',
  schema: z.array(z.object({ DBInstanceIdentifier: words, Engine: text, PubliclyAccessible: bool, StorageEncrypted: bool, BackupRetentionPeriod: count })),
  ask: async ({ service }, resource) => {
    const { sdk, client } = await service('rds', regionOf(resource))
    return everyPage('rds:DescribeDBInstances', Marker => client.send(new sdk.DescribeDBInstancesCommand({ MaxRecords: 100, Marker })),
      answer => ({ items: answer.DBInstances, next: answer.Marker }))
  },
})

/** Keys that AWS can rotate by itself: symmetric, the customer's, made in KMS (https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html). */
export function canRotate(key: { KeyManager?: string, KeySpec?: string, KeyState?: string, Origin?: string }): boolean {
  return key.KeyManager === 'CUSTOMER' && key.KeySpec === 'SYMMETRIC_DEFAULT' && key.KeyState === 'Enabled' && key.Origin === 'AWS_KMS'
}

/** Keys of the customer's, each with whether it is rotated where it can be. */
export const keys = operation({
  id: 'kms_keys',
  action: 'kms:ListKeys',
  schema: z.array(z.object({ KeyId: words, KeyManager: text, KeySpec: text, KeyState: text, Origin: text, KeyRotationEnabled: bool })),
  ask: async ({ service }, resource) => {
    const { sdk, client } = await service('kms', regionOf(resource))
    const listed = await everyPage('kms:ListKeys', Marker => client.send(new sdk.ListKeysCommand({ Limit: 1000, Marker })), answer => ({ items: answer.Keys, next: answer.Truncated ? answer.NextMarker : undefined }))
    const all: unknown[] = []
    // One after another: there may be thousands, and KMS counts its calls.
    for (const { KeyId } of listed) {
      try {
        const { KeyMetadata: key } = await client.send(new sdk.DescribeKeyCommand({ KeyId }))
        all.push({ ...key, ...(key && canRotate(key) ? await client.send(new sdk.GetKeyRotationStatusCommand({ KeyId })) : {}) })
      }
      catch (error) {
        // A key's own policy may shut out everybody but its owner: the others can be read all the same.
        if (!isDenied(error)) throw error
        all.push({ KeyId })
      }
    }
    return all
  },
})
