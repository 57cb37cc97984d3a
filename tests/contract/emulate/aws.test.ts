/** AWS by emulate: who we are, and becoming a role. Its IAM and STS understand the SDK's requests; trust it does not know. */
import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Emulator } from 'emulate'
import { aws } from '#server/connectors/aws'
import type { ResourceDescription } from '#server/connectors/contract'
import { credentialReport } from '#server/connectors/aws/credential-report'
import * as exported from '#server/connectors/aws/endpoints'
import type { OAuthClient } from '#server/oauth/client'
import { openApi, openingOf } from '#server/oauth/open-api'
import { ask, clientAt, endpointsIn, expected, openEmulator, passesInTheDark, type Difference, type Opinions } from './second-opinion.ts'

const noAction: Difference = { because: 'emulate\'s IAM knows users, keys and roles only: InvalidAction', outcome: 'refused' }
const otherService: Difference = { because: 'emulate does not have the service, and answers for S3: NoSuchBucket', outcome: 'not_found' }
const noService: Difference = { because: 'emulate does not have the service', outcome: 'unexpected_shape' }

const opinions: Opinions = {
  caller_identity: 'understood',
  trust: 'understood',
  account_aliases: noAction,
  account_summary: noAction,
  password_policy: noAction,
  credential_report: noAction,
  s3_public_access_block: { because: 'S3 Control\'s path is taken for a bucket\'s: NoSuchBucket', outcome: 'not_found' },
  trails: noService,
  regions: otherService,
  security_groups: otherService,
  ebs_encryption_by_default: otherService,
  guardduty_detectors: noService,
  rds_instances: otherService,
  kms_keys: noService,
}

const accountId = '123456789012'
const account: ResourceDescription = { kind: 'account', externalId: accountId, name: '', metadata: { account_id: accountId } }
const region: ResourceDescription = { kind: 'region', externalId: `${accountId}/us-east-1`, name: '', metadata: { account_id: accountId, region: 'us-east-1' } }
const registered = { clientId: `AKIA${randomBytes(8).toString('hex').toUpperCase()}`, clientSecret: randomBytes(30).toString('base64') }
const endpoints = [...endpointsIn(exported), credentialReport]
let emulator: Emulator
let client: OAuthClient
const held = (role: string) => ({ accessToken: `arn:aws:iam::${accountId}:role/${role}`, facts: { account_id: accountId, partition: 'aws', external_id: randomUUID(), regions: 'us-east-1' } })
const api = () => openApi(client, held('AllyShipScanner'))

/** emulate has each service below a path of its own; AWS has hosts. Which service is meant stands in the signature. */
const byService: OAuthClient['fetch'] = async (input, init) => {
  const request = new Request(input, init)
  const service = /\/([a-z0-9-]+)\/aws4_request/.exec(request.headers.get('authorization') ?? '')?.[1] ?? 'none'
  const { pathname, search } = new URL(request.url)
  const body = request.method === 'GET' ? undefined : await request.arrayBuffer()
  return fetch(`${emulator.url}/${service}${pathname}${search}`, { method: request.method, headers: request.headers, body, redirect: 'manual', signal: request.signal })
}

beforeAll(async () => {
  emulator = await openEmulator('aws', { aws: { region: 'us-east-1', iam: { roles: [{ role_name: 'AllyShipScanner', description: 'Read only' }] } } })
  client = clientAt(emulator.url, aws, registered, byService)
})
afterAll(() => emulator?.close())

it('says who we are, and takes a role on', async () => {
  expect(await aws.authorization.principal(openingOf(client, held('AllyShipScanner')))).toMatch(/^arn:aws:iam::\d{12}:/)
  expect(await api().get(exported.callerIdentity)).toEqual({ Account: accountId })
})

it('ignores trust policies and external ids: a role that we would refuse to connect', async () => {
  expect(await aws.authorization.tryTrust(openingOf(client, held('AllyShipScanner')))).toEqual({ withId: true, withoutId: true, withAnotherId: true })
})

it('says NoSuchEntity of a role that is none, where AWS says AccessDenied: not taken for a way that is shut', async () => {
  await expect(aws.authorization.tryTrust(openingOf(client, held('Nobody')))).rejects.toMatchObject({ kind: 'not_found' })
})

it('has an opinion about every endpoint, and it is this one', async () => {
  expect(Object.keys(opinions).sort()).toEqual(endpoints.map(endpoint => endpoint.id).sort())
  expect(await ask(api(), endpoints, endpoint => endpoint.id.startsWith('s3') ? account : region)).toEqual(expected(opinions))
})

it('passes no check whose answers emulate does not have', async () => {
  for (const resource of [account, region]) expect(await passesInTheDark(aws, api(), resource, opinions)).toEqual([])
})
