/** What the services answer, by service and action: reading only, as the real ones do for a role with SecurityAudit. */
import { credentialReport } from './report'
import { daysAgo, emptyRegion, type SandboxAccount } from './account'
import { fault, type Outcome, type Protocol, type XmlValue } from './wire'

export interface Asked {
  account: SandboxAccount
  region: string
  /** Parameters, in whatever way they came. */
  input: Readonly<Record<string, string>>
  now: number
  /** Entries in one answer, at most. */
  pageSize: number
}

interface Operation {
  protocol: Protocol
  /** Parameters that it takes; others are refused. */
  takes: readonly string[]
  answer: (asked: Asked) => Outcome
}

const regionNames = ['us-east-1', 'us-west-2', 'eu-central-1', 'eu-west-1', 'ap-southeast-2']
const there = ({ account, region }: Asked) => account.regions[region] ?? emptyRegion

/** A page of a list; the token is where the next begins. */
function page<T>(all: readonly T[], token: string | undefined, size: number): { items: T[], next: string | undefined } | null {
  const start = token === undefined ? 0 : Number(/^page-(\d+)$/.exec(token)?.[1] ?? Number.NaN)
  if (!Number.isInteger(start) || start > all.length) return null
  return { items: all.slice(start, start + size), next: start + size < all.length ? `page-${start + size}` : undefined }
}
const badToken = fault('InvalidParameterValue', 400, 'The token is not valid')

const trailOf = ({ account, input }: Asked) => account.trails.find(trail => trail.TrailARN === input.Name || trail.Name === input.Name)
const keyOf = (asked: Asked) => there(asked).keys.find(key => key.id === asked.input.KeyId)
const noKey = fault('NotFoundException', 400, 'Key does not exist')

export const operations: Readonly<Record<string, Operation>> = {
  'iam:GetAccountSummary': {
    protocol: 'query', takes: [],
    answer: ({ account }) => ({ xml: { SummaryMap: { entry: Object.entries(account.summary).map(([key, value]) => ({ key, value })) } } }),
  },
  'iam:ListAccountAliases': {
    protocol: 'query', takes: ['Marker', 'MaxItems'],
    answer: ({ account }) => ({ xml: { IsTruncated: false, AccountAliases: { member: account.alias === null ? [] : [account.alias] } } }),
  },
  'iam:GetAccountPasswordPolicy': {
    protocol: 'query', takes: [],
    answer: ({ account }) => account.passwordPolicy === null
      ? fault('NoSuchEntity', 404, `The Password Policy with domain name ${account.id} cannot be found.`)
      : { xml: { PasswordPolicy: account.passwordPolicy } },
  },
  'iam:GenerateCredentialReport': { protocol: 'query', takes: [], answer: () => ({ xml: { State: 'COMPLETE' } }) },
  'iam:GetCredentialReport': {
    protocol: 'query', takes: [],
    answer: ({ account, now }) => ({ xml: { Content: Buffer.from(credentialReport(account, now)).toString('base64'), ReportFormat: 'text/csv', GeneratedTime: new Date(now).toISOString() } }),
  },
  's3:GetAccountPublicAccessBlock': {
    protocol: 'rest-xml', takes: [],
    answer: ({ account }) => account.publicAccessBlock === null
      ? fault('NoSuchPublicAccessBlockConfiguration', 404, 'The public access block configuration was not found')
      : { xml: account.publicAccessBlock },
  },
  'cloudtrail:DescribeTrails': {
    protocol: 'json', takes: ['includeShadowTrails', 'trailNameList'],
    answer: ({ account }) => ({ json: { trailList: [...account.trails] } }),
  },
  'cloudtrail:GetTrailStatus': {
    protocol: 'json', takes: ['Name'],
    answer: (asked) => {
      const trail = trailOf(asked)
      if (!trail) return fault('TrailNotFoundException', 400, 'Unknown trail')
      return trail.HomeRegion === asked.region ? { json: { IsLogging: true, LatestDeliveryTime: Math.floor(asked.now / 1000) } } : fault('InvalidHomeRegionException', 400, 'Ask in the home region')
    },
  },
  'guardduty:ListDetectors': {
    protocol: 'rest-json', takes: ['maxResults', 'nextToken'],
    answer: asked => ({ json: { detectorIds: there(asked).detectors.map((_, index) => `d${index}`.padEnd(32, '0')), nextToken: '' } }),
  },
  'guardduty:GetDetector': {
    protocol: 'rest-json', takes: ['DetectorId'],
    answer: (asked) => {
      const status = there(asked).detectors[Number(/^d(\d)0{30}$/.exec(asked.input.DetectorId ?? '')?.[1])]
      return status ? { json: { createdAt: daysAgo(asked.now, 300), serviceRole: 'arn-that-nobody-may-keep', status, tags: {} } } : fault('BadRequestException', 400, 'The request is rejected because the input detectorId is not owned by the current account.')
    },
  },
  'kms:ListKeys': {
    protocol: 'json', takes: ['Limit', 'Marker'],
    answer: (asked) => {
      const part = page(there(asked).keys, asked.input.Marker, asked.pageSize)
      return part ? { json: { Keys: part.items.map(key => ({ KeyId: key.id, KeyArn: `arn:aws:kms:${asked.region}:${asked.account.id}:key/${key.id}` })), Truncated: part.next !== undefined, ...(part.next ? { NextMarker: part.next } : {}) } } : fault('InvalidMarkerException', 400, 'The marker is not valid')
    },
  },
  'kms:DescribeKey': {
    protocol: 'json', takes: ['KeyId'],
    answer: (asked) => {
      const key = keyOf(asked)
      return key ? { json: { KeyMetadata: { KeyId: key.id, KeyManager: key.manager, KeySpec: key.spec ?? 'SYMMETRIC_DEFAULT', KeyState: 'Enabled', Origin: 'AWS_KMS', Enabled: true, Description: 'text-that-nobody-may-keep' } } } : noKey
    },
  },
  'kms:GetKeyRotationStatus': {
    protocol: 'json', takes: ['KeyId'],
    answer: (asked) => {
      const key = keyOf(asked)
      if (!key) return noKey
      return key.spec === undefined && key.manager === 'CUSTOMER' ? { json: { KeyId: key.id, KeyRotationEnabled: key.rotates === true } } : fault('UnsupportedOperationException', 400, 'This key cannot rotate')
    },
  },
  'ec2:DescribeRegions': {
    protocol: 'ec2', takes: ['AllRegions'],
    answer: ({ input }) => {
      const all = [...regionNames.map(name => ({ name, status: 'opt-in-not-required' })), { name: 'me-south-1', status: 'not-opted-in' }]
      const shown = input.AllRegions === 'true' ? all : all.filter(region => region.status !== 'not-opted-in')
      return { xml: { regionInfo: { item: shown.map(({ name, status }) => ({ regionName: name, regionEndpoint: `ec2.${name}.amazonaws.com`, optInStatus: status })) } } }
    },
  },
  'ec2:DescribeSecurityGroups': {
    protocol: 'ec2', takes: ['MaxResults', 'NextToken'],
    answer: (asked) => {
      const part = page(there(asked).groups, asked.input.NextToken, asked.pageSize)
      if (!part) return badToken
      return {
        xml: {
          securityGroupInfo: {
            item: part.items.map(({ id, name, rules }): XmlValue => ({
              ownerId: asked.account.id, groupId: id, groupName: name, groupDescription: 'text that nobody may keep', vpcId: 'vpc-0a1b2c3d4e5f60718',
              ipPermissions: {
                item: rules.map(({ protocol, from, to, four = [], six = [], lists = [] }): XmlValue => ({
                  ipProtocol: protocol, fromPort: from, toPort: to, groups: '', ipRanges: { item: four.map(cidrIp => ({ cidrIp })) }, ipv6Ranges: { item: six.map(cidrIpv6 => ({ cidrIpv6 })) }, prefixListIds: lists.length > 0 ? { item: lists.map(prefixListId => ({ prefixListId })) } : '',
                })),
              },
            })),
          },
          nextToken: part.next,
        },
      }
    },
  },
  'ec2:GetEbsEncryptionByDefault': { protocol: 'ec2', takes: [], answer: asked => ({ xml: { ebsEncryptionByDefault: there(asked).ebsEncrypted } }) },
  'rds:DescribeDBInstances': {
    protocol: 'query', takes: ['Marker', 'MaxRecords'],
    answer: (asked) => {
      const part = page(there(asked).databases, asked.input.Marker, asked.pageSize)
      if (!part) return badToken
      return {
        xml: {
          DBInstances: {
            DBInstance: part.items.map(one => ({
              DBInstanceIdentifier: one.id, Engine: one.engine, DBInstanceStatus: 'available', MasterUsername: 'name-that-nobody-may-keep', PubliclyAccessible: one.public,
              StorageEncrypted: one.encrypted, BackupRetentionPeriod: one.backupDays,
            })),
          },
          Marker: part.next,
        },
      }
    },
  },
}
