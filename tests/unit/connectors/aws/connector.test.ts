import { describe, expect, it } from 'vitest'
import { aws } from '#server/connectors/aws'
import { regions } from '#server/connectors/aws/regions'
import { ProviderError } from '#server/errors'
import { readerOf } from '../reader'
import { account, region } from './evaluate'

const { authorization } = aws
const trusting = { principal: 'arn:aws:iam::111122223333:user/allyship-scanner', externalId: 'b7a1d0de-3f51-4f0e-9d0c-6a5b4c3d2e1f' }

describe('a role\'s ARN', () => {
  it.each([
    ['arn:aws:iam::123456789012:role/Scanner', '123456789012'],
    ['  arn:aws:iam::123456789012:role/some/path/Scanner-1+=,.@_x\n', '123456789012'],
  ])('%j', (text, accountId) => {
    expect(authorization.readRole(text)).toEqual({ arn: text.trim(), accountId, facts: { account_id: accountId, partition: 'aws' } })
  })

  it.each([
    ['', /Paste/], ['123456789012', /number of the account/], ['Scanner', /not the ARN of a role/],
    ['arn:aws:iam::12345678901:role/Scanner', /not the ARN/], ['arn:aws:iam::123456789012:role/', /not the ARN/], ['arn:aws:iam::123456789012:role/a b', /not the ARN/],
    [`arn:aws:iam::123456789012:role/${'x'.repeat(65)}`, /not the ARN/], ['arn:aws:iam::123456789012:role/x\nrole/y', /not the ARN/],
    ['arn:aws:iam::123456789012:user/ines', /not that of a role/], ['arn:aws:iam::123456789012:root', /not that of a role/],
    ['arn:aws:sts::123456789012:assumed-role/Scanner/session', /session of a role/],
    ['arn:aws:cloudformation:us-east-1:123456789012:stack/AllyShipScanner/1', /of the stack/],
    ['arn:aws-us-gov:iam::123456789012:role/Scanner', /GovCloud/], ['arn:aws-cn:iam::123456789012:role/Scanner', /China/],
  ])('%j is none that can be connected', (text, says) => {
    const read = authorization.readRole(text)
    expect('wrong' in read && read.wrong).toMatch(says)
  })
})

describe('what a customer is given', () => {
  it('is a trust policy for our principal, with the id and nothing wider', () => {
    expect(authorization.trustPolicy(trusting)).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: trusting.principal }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': trusting.externalId } } }],
    })
  })

  it('is a template that makes a role with just that, and SecurityAudit', () => {
    const template: unknown = JSON.parse(authorization.template.text(trusting))
    expect(template).toMatchObject({
      Parameters: { PrincipalArn: { Default: trusting.principal }, ExternalId: { Default: trusting.externalId } },
      Resources: { Role: { Type: 'AWS::IAM::Role', Properties: { ManagedPolicyArns: ['arn:aws:iam::aws:policy/SecurityAudit'], AssumeRolePolicyDocument: { Statement: [{ Principal: { AWS: { Ref: 'PrincipalArn' } }, Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } } }] } } } },
      Outputs: { RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
    })
    expect(Object.keys((template as { Resources: object }).Resources)).toEqual(['Role'])
    // NoEcho parameters would be left out of a link.
    expect(authorization.template.text(trusting)).not.toContain('NoEcho')
  })

  it('is a link with both, where the operator has said where the template is', () => {
    expect(authorization.quickCreate(trusting, {})).toBeNull()
    const link = authorization.quickCreate(trusting, { template_url: 'https://example.s3.amazonaws.com/role.json', region: 'eu-west-1' }) ?? ''
    const url = new URL(link)
    expect([url.origin, url.pathname, url.search]).toEqual(['https://eu-west-1.console.aws.amazon.com', '/cloudformation/home', '?region=eu-west-1'])
    const [path, query] = url.hash.split('?')
    expect(path).toBe('#/stacks/quickcreate')
    expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
      templateURL: 'https://example.s3.amazonaws.com/role.json', stackName: 'AllyShipScanner', param_PrincipalArn: trusting.principal, param_ExternalId: trusting.externalId,
    })
  })
})

describe('settings', () => {
  const pattern = (name: string) => aws.settings.find(setting => setting.name === name)?.pattern
  it.each([
    ['principal_arn', 'arn:aws:iam::111122223333:user/x', true], ['principal_arn', 'arn:aws:iam::111122223333:role/a/b', true], ['principal_arn', '*', false], ['principal_arn', 'arn:aws:iam::111122223333:group/x', false],
    ['region', 'us-east-1', true], ['region', 'us-gov-west-1', true], ['region', 'moon', false],
    ['template_url', 'https://b.s3.us-east-1.amazonaws.com/t.json', true], ['template_url', 'http://b.s3.amazonaws.com/t.json', false], ['template_url', 'https://evil.example/t.json', false],
  ])('%s=%s: %s', (name, value, good) => {
    expect(pattern(name)?.test(value)).toBe(good)
  })
})

describe('discovery', () => {
  const bodies: Record<string, unknown> = {
    caller_identity: { Account: '123456789012' }, account_aliases: { AccountAliases: ['acme'] },
    regions: { Regions: [{ RegionName: 'eu-west-1', OptInStatus: 'opt-in-not-required' }, { RegionName: 'me-south-1', OptInStatus: 'not-opted-in' }] },
  }
  const reader = (changes: Record<string, unknown> = {}, facts = { regions: 'eu-west-1,me-south-1,moon,il-central-1' }) => readerOf(({ id }) => {
    const body = { ...bodies, ...changes }[id]
    if (body instanceof Error) throw body
    return body
  }, facts)

  it('lists the account, and of the regions those that were chosen', async () => {
    expect(await Array.fromAsync(aws.resources(reader()))).toEqual([
      { kind: 'account', externalId: '123456789012', name: 'acme', metadata: { account_id: '123456789012' } },
      { kind: 'region', externalId: '123456789012/eu-west-1', name: 'Europe (Ireland)', metadata: { account_id: '123456789012', region: 'eu-west-1', opt_in: 'opt-in-not-required' } },
      { kind: 'region', externalId: '123456789012/me-south-1', name: 'Middle East (Bahrain)', metadata: { account_id: '123456789012', region: 'me-south-1', opt_in: 'not-opted-in' } },
      { kind: 'region', externalId: '123456789012/il-central-1', name: 'Israel (Tel Aviv)', metadata: { account_id: '123456789012', region: 'il-central-1', opt_in: null } },
    ])
  })

  it('calls an account by its number where its alias may not be read, and throws for all else', async () => {
    expect(await aws.account(reader({ account_aliases: new ProviderError('limited', 'iam:ListAccountAliases', { limitedBy: 'policy' }) }))).toEqual({ id: '123456789012', name: '123456789012' })
    expect(await aws.account(reader({ account_aliases: { AccountAliases: [] } }))).toEqual({ id: '123456789012', name: '123456789012' })
    await expect(aws.account(reader({ account_aliases: new ProviderError('timeout', 'iam:ListAccountAliases') }))).rejects.toMatchObject({ kind: 'timeout' })
    await expect(aws.account(reader({ caller_identity: { Account: 'x' } }))).rejects.toThrow()
  })

  it('knows regions that can\'t be asked', () => {
    expect(aws.unavailable({ ...region, metadata: { ...region.metadata, opt_in: 'not-opted-in' } })).toMatch(/not switched on/)
    for (const resource of [account, region, { ...region, metadata: { ...region.metadata, opt_in: null } }]) expect(aws.unavailable(resource)).toBeNull()
  })

  it('names every region once', () => {
    expect(new Set(regions.map(one => one.id)).size).toBe(regions.length)
  })
})
