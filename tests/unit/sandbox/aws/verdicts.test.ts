import { beforeAll, describe, expect, it } from 'vitest'
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { aws } from '#server/connectors/aws'
import { evaluate } from '#server/scanner/evaluate'
import { sharedReader } from '#server/scanner/reader'
import { externalId, openSandbox } from './opened'

const expected: Record<string, Record<string, Record<string, string>>> = {
  123456789012: {
    'brightwater-production': {
      aws_root_mfa: 'pass', aws_root_no_access_keys: 'pass', aws_trust_requires_external_id: 'pass', aws_user_mfa: 'fail', aws_password_policy: 'fail', aws_stale_credentials: 'fail',
      aws_s3_public_access_block: 'pass', aws_cloudtrail_enabled: 'pass',
    },
    'US East (N. Virginia)': { aws_rds_hardened: 'not_applicable', aws_sg_no_public_admin: 'pass', aws_guardduty_enabled: 'pass', aws_ebs_default_encryption: 'pass', aws_kms_rotation: 'pass' },
    'Europe (Ireland)': { aws_rds_hardened: 'fail', aws_sg_no_public_admin: 'fail', aws_guardduty_enabled: 'fail', aws_ebs_default_encryption: 'fail', aws_kms_rotation: 'fail' },
    'Middle East (Bahrain)': { aws_rds_hardened: 'not_applicable', aws_sg_no_public_admin: 'not_applicable', aws_guardduty_enabled: 'not_applicable', aws_ebs_default_encryption: 'not_applicable', aws_kms_rotation: 'not_applicable' },
  },
  210987654321: {
    '210987654321': {
      aws_root_mfa: 'fail', aws_root_no_access_keys: 'fail', aws_trust_requires_external_id: 'pass', aws_user_mfa: 'not_applicable', aws_password_policy: 'not_applicable', aws_stale_credentials: 'not_applicable',
      aws_s3_public_access_block: 'fail', aws_cloudtrail_enabled: 'fail',
    },
    // The organization denies GuardDuty.
    'US East (N. Virginia)': { aws_rds_hardened: 'not_applicable', aws_sg_no_public_admin: 'pass', aws_guardduty_enabled: 'error', aws_ebs_default_encryption: 'fail', aws_kms_rotation: 'not_applicable' },
  },
}

async function scan(resource: ResourceDescription, api: ApiReader): Promise<Record<string, string>> {
  const checks = aws.checks.filter(check => check.kinds?.includes(resource.kind))
  return Object.fromEntries(await Promise.all(checks.map(async (check) => {
    const evaluation = await evaluate(aws, check, resource, api, [], new Date())
    expect(JSON.stringify(evaluation)).not.toMatch(/nobody-may-keep|nobody may keep/)
    return [check.id, evaluation.verdict]
  })))
}

describe.each(Object.entries(expected))('account %s', (accountId, resources) => {
  const { sandbox, open } = openSandbox({ pageSize: 2 })
  const regions = accountId === '123456789012' ? 'us-east-1,eu-west-1,me-south-1' : 'us-east-1'
  let api: ApiReader
  let found: ResourceDescription[]

  beforeAll(async () => {
    const role = sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    api = sharedReader(open(role.arn, { regions }))
    found = await Array.fromAsync(aws.resources(api))
  })

  it('is listed with the regions that were chosen', async () => {
    expect(await aws.account(api)).toEqual({ id: accountId, name: Object.keys(resources).find(name => !name.includes('(')) })
    expect(found.map(resource => resource.name).sort()).toEqual(Object.keys(resources).sort())
    expect(found.map(resource => resource.kind)).toEqual(['account', ...found.slice(1).map(() => 'region')])
  })

  it.each(Object.keys(resources))('%s', async (name) => {
    const resource = found.find(one => one.name === name)
    if (!resource) throw new Error(`${name} is not listed`)
    expect(await scan(resource, api)).toEqual(resources[name])
  })
})

it('tells which sources of a rule were wide, and which were not read', async () => {
  const { sandbox, open } = openSandbox({ pageSize: 2 })
  const role = sandbox.roles.put({ accountId: '123456789012', externalId, trust: 'id', audit: true })
  const api = sharedReader(open(role.arn, { regions: 'eu-west-1' }))
  const resource = (await Array.fromAsync(aws.resources(api))).find(one => one.kind === 'region')
  const check = aws.checks.find(one => one.id === 'aws_sg_no_public_admin')
  if (!resource || !check) throw new Error('The sandbox lists no region')
  expect((await evaluate(aws, check, resource, api, [], new Date())).evidence).toMatchObject({
    open: { shown: [expect.stringContaining('legacy-bastion'), expect.stringContaining('windows-farm'), expect.stringContaining('half-and-half')] },
    unread: { shown: [expect.stringContaining('offices')] },
    prefix_lists: { shown: ['pl-0123456789abcdef0'] },
  })
})
