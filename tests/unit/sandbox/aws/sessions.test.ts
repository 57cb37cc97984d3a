/** Who gets in, with what, and for how long. */
import { describe, expect, it } from 'vitest'
import { aws } from '#server/connectors/aws'
import { accountSummary, ebsEncryption, publicAccessBlock } from '#server/connectors/aws/endpoints'
import type { Opening } from '#server/connectors/contract'
import { region } from '../../connectors/aws/evaluate'
import { baseUrl, externalId, openSandbox, type Opened } from './opened'

const accountId = '123456789012'
const opening = ({ client }: Opened, arn: string, id: string | null = externalId): Opening =>
  ({ ...client, credential: arn, apiBase: client.apiBase, reference: null, facts: id === null ? {} : { external_id: id } })

describe('the four ways of taking on a role', () => {
  it.each([
    ['as it should be', 'id', { withId: true, withoutId: false, withAnotherId: false }],
    ['open to our principal', 'open', { withId: true, withoutId: true, withAnotherId: true }],
    ['open to any id', 'any', { withId: true, withoutId: false, withAnotherId: true }],
  ] as const)('%s', async (_what, trust, expected) => {
    const opened = openSandbox()
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust, audit: true })
    expect(await aws.authorization.tryTrust(opening(opened, arn))).toEqual(expected)
  })

  it('for another id, and for a role that is not there', async () => {
    const opened = openSandbox()
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    const shut = { withId: false, withoutId: false, withAnotherId: false }
    expect(await aws.authorization.tryTrust(opening(opened, arn, 'another'))).toEqual(shut)
    expect(await aws.authorization.tryTrust(opening(opened, `${arn}x`))).toEqual(shut)
    // A role that does not open is not tried further.
    expect(opened.made).toEqual(['sts:AssumeRole', 'sts:AssumeRole'])
  })
})

describe('a session', () => {
  it('serves all calls, bears our integration\'s id, and global services are asked once', async () => {
    const opened = openSandbox()
    const bodies: string[] = []
    const fetch = opened.client.fetch
    opened.client.fetch = async (input, init) => {
      bodies.push(await new Request(input, init).text())
      return fetch(input, init)
    }
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    const api = opened.open(arn)
    await Promise.all([api.get(accountSummary), api.get(ebsEncryption, region), aws.account(api)])
    expect(opened.made.filter(call => call === 'sts:AssumeRole')).toHaveLength(1)
    expect(new URLSearchParams(bodies.find(body => body.includes('AssumeRole'))).get('RoleSessionName')).toBe('integration-5c1f7a1e-0000-4000-8000-000000000001')
    expect(new URLSearchParams(bodies.find(body => body.includes('AssumeRole'))).get('DurationSeconds')).toBe('900')
    expect(opened.made.every(call => /:(?:Get|List|Describe|AssumeRole|GET )/.test(call))).toBe(true)
  })

  it('is taken to one address, whatever it looks like', async () => {
    const baseUrl = 'http://127.0.0.1:3000/sandbox/aws'
    const opened = openSandbox({ baseUrl })
    opened.client.apiBase = baseUrl
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    expect(await opened.open(arn).get(publicAccessBlock)).toMatchObject({ PublicAccessBlockConfiguration: { BlockPublicAcls: true } })
  })

  it('that ends before its time is replaced once, however many calls see it', async () => {
    const opened = openSandbox()
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    const api = opened.open(arn)
    await api.get(accountSummary)
    opened.sandbox.roles.endSessions()
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.get(accountSummary)))
    expect(answers.every(answer => answer?.SummaryMap.AccountMFAEnabled === 1)).toBe(true)
    expect(opened.made.filter(call => call === 'sts:AssumeRole')).toHaveLength(2)
  })

  it('that outlives its role is refused, and the role with it', async () => {
    const opened = openSandbox()
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    const api = opened.open(arn)
    await api.get(accountSummary)
    opened.sandbox.roles.remove(arn)
    await expect(api.get(accountSummary)).rejects.toMatchObject({ kind: 'limited' })
    await expect(opened.open(arn).get(accountSummary)).rejects.toMatchObject({ kind: 'role_refused' })
  })
})

describe('the stand-in takes nothing', () => {
  const send = (opened: Opened, change: (request: Request) => Request) => {
    const fetch = opened.client.fetch
    opened.client.fetch = async (input, init) => fetch(change(new Request(input, init)))
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    return aws.authorization.tryTrust(opening(opened, arn))
  }
  it.each([
    ['from another secret', (opened: Opened) => { opened.client.clientSecret += 'x' }],
    ['from an unknown key', (opened: Opened) => { opened.client.clientId = 'AKIA0000000000000000' }],
  ])('%s', async (_what, change) => {
    const opened = openSandbox()
    change(opened)
    await expect(send(opened, request => request)).rejects.toMatchObject({ kind: 'application_refused' })
  })

  it('that was changed on the way, was not signed, or is old', async () => {
    const changed = (request: Request) => new Request(request.url, { method: 'POST', headers: request.headers, body: 'Action=GetCallerIdentity&Version=2011-06-15' })
    const unsigned = (request: Request) => {
      request.headers.delete('authorization')
      return request
    }
    const late = (request: Request) => {
      request.headers.set('x-amz-date', '20200101T000000Z')
      return request
    }
    for (const change of [changed, unsigned, late]) await expect(send(openSandbox(), change)).rejects.toMatchObject({ kind: 'application_refused' })
  })

  it('but reading: an action that changes something is none, and neither is what only a person may do', async () => {
    const opened = openSandbox()
    const { arn } = opened.sandbox.roles.put({ accountId, externalId, trust: 'id', audit: true })
    const { openService } = await import('#server/connectors/aws/services')
    const { assume, configOf } = await import('#server/connectors/aws/assume')
    const session = await assume(opening(opened, arn))
    const { sdk, client } = await openService('iam', { ...configOf(opening(opened, arn)), region: 'us-east-1', credentials: session })
    client.middlewareStack.remove('readOnly')
    await expect(client.send(new sdk.CreateUserCommand({ UserName: 'x' }))).rejects.toMatchObject({ name: 'InvalidAction' })
    await expect(client.send(new sdk.GetAccountSummaryCommand({}))).resolves.toBeDefined()
  })
})

describe('the page that makes roles', () => {
  const page = `${baseUrl}/create-role`
  const asked = { principal: 'arn:aws:iam::999988887777:user/allyship-scanner', external_id: externalId, return_to: 'http://localhost:3000/integrations/connect/aws?flow=1' }
  const post = (opened: Opened, form: Record<string, string>, headers: Record<string, string> = {}) =>
    opened.sandbox.fetch(new Request(page, { method: 'POST', headers: { origin: 'http://localhost:3000', ...headers }, body: new URLSearchParams(form) }))

  it('shows what it will do, and goes back with the role\'s ARN', async () => {
    const opened = openSandbox()
    const shown = await opened.sandbox.fetch(new Request(`${page}?${new URLSearchParams(asked)}`))
    const text = await shown.text()
    expect([shown.status, text.includes(externalId), text.includes('Sandbox')]).toEqual([200, true, true])
    const made = await post(opened, { ...asked, account: accountId, way: 'right' })
    const back = new URL(made.headers.get('location') ?? '')
    expect([made.status, back.origin, back.searchParams.get('flow')]).toEqual([303, 'http://localhost:3000', '1'])
    expect(await aws.authorization.tryTrust(opening(opened, back.searchParams.get('role_arn') ?? ''))).toMatchObject({ withId: true, withoutId: false })
    // The same page again changes the role.
    await post(opened, { ...asked, account: accountId, way: 'open' })
    expect(await aws.authorization.tryTrust(opening(opened, back.searchParams.get('role_arn') ?? ''))).toMatchObject({ withoutId: true })
  })

  it('without an address to return to shows the ARN', async () => {
    const made = await post(openSandbox(), { ...asked, return_to: '', account: accountId, way: 'bare' })
    expect(await made.text()).toMatch(/arn:aws:iam::123456789012:role\/AllyShipScanner-[0-9a-f]{8}/)
  })

  it.each([
    ['another principal', { principal: 'arn:aws:iam::1:user/x' }, {}], ['no external id', { external_id: '' }, {}], ['markup', { external_id: '<b>' }, {}],
    ['an address of somebody else\'s', { return_to: 'https://evil.example/' }, {}], ['no such account', { account: '1' }, {}], ['no such way', { way: 'x' }, {}],
    ['a form of another site', {}, { origin: 'https://evil.example' }],
  ])('refuses %s', async (_what, form, headers) => {
    const made = await post(openSandbox(), { ...asked, account: accountId, way: 'right', ...form }, headers)
    expect([made.status, (await made.text()).includes('<b>')]).toEqual([400, false])
  })
})
