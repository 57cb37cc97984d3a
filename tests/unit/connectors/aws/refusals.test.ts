/** What each refusal of AWS means: for a check, for the role, and for our own key. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ApiReader, Endpoint } from '#server/connectors/contract'
import { aws } from '#server/connectors/aws'
import { accountSummary, databases, detectors, ebsEncryption, publicAccessBlock, trails } from '#server/connectors/aws/endpoints'
import { credentialReport } from '#server/connectors/aws/credential-report'
import { NotReading, openService, reading } from '#server/connectors/aws/services'
import { ProviderError } from '#server/errors'
import { evaluate } from '#server/scanner/evaluate'
import { externalId, openSandbox } from '../../sandbox/aws/opened'
import { findCheck } from '../evaluate'
import { region } from './evaluate'

const xml = (status: number, code: string, message = 'x') => new Response(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`, { status, headers: { 'content-type': 'text/xml' } })
const ec2 = (status: number, code: string) => new Response(`<Response><Errors><Error><Code>${code}</Code><Message>x</Message></Error></Errors><RequestID>1</RequestID></Response>`, { status, headers: { 'content-type': 'text/xml' } })
const json = (status: number, type: string) => Response.json({ __type: type, message: 'x' }, { status, headers: { 'content-type': 'application/x-amz-json-1.1' } })
const rest = (status: number, type: string) => Response.json({ message: 'x' }, { status, headers: { 'x-amzn-errortype': type } })

/** A role, and AWS with a fault in the calls of one service. */
function faulty(service: string, fault: () => Response | Promise<Response>) {
  const opened = openSandbox({ faults: request => request.headers.get('authorization')?.includes(`/${service}/aws4_request`) ? fault() : undefined })
  const { arn } = opened.sandbox.roles.put({ accountId: '123456789012', externalId, trust: 'id', audit: true })
  return { ...opened, arn, api: opened.open(arn) }
}
const failure = async (api: ApiReader, endpoint: Endpoint) => api.get(endpoint, region).catch((error: unknown) => error)

type Fault = [when: string, service: string, endpoint: Endpoint, answer: () => Response | Promise<Response>, kind: string, attempts: number]
const faults: Fault[] = [
  ['denies an action', 'iam', accountSummary, () => xml(403, 'AccessDenied'), 'limited', 1],
  ['denies it in the words of EC2', 'ec2', ebsEncryption, () => ec2(403, 'UnauthorizedOperation'), 'limited', 1],
  ['denies it in the words of JSON', 'cloudtrail', trails, () => json(400, 'AccessDeniedException'), 'limited', 1],
  ['denies it in the words of REST', 'guardduty', detectors, () => rest(403, 'AccessDeniedException'), 'limited', 1],
  ['does not know the session in a region that is off', 'ec2', ebsEncryption, () => ec2(401, 'AuthFailure'), 'limited', 2],
  ['wants an opt-in', 'ec2', ebsEncryption, () => ec2(401, 'OptInRequired'), 'limited', 1],
  ['is not subscribed to', 'rds', databases, () => xml(403, 'SubscriptionRequiredException'), 'limited', 1],
  ['asks to slow down', 'iam', accountSummary, () => xml(400, 'Throttling'), 'rate_limited', 3],
  ['asks to slow down in the words of JSON', 'cloudtrail', trails, () => json(400, 'ThrottlingException'), 'rate_limited', 3],
  ['asks to slow down in the words of EC2', 'ec2', ebsEncryption, () => ec2(503, 'RequestLimitExceeded'), 'rate_limited', 3],
  ['has a fault', 'iam', accountSummary, () => xml(500, 'ServiceFailure'), 'server_error', 3],
  ['is away', 'rds', databases, () => xml(503, 'ServiceUnavailable'), 'server_error', 3],
  ['says that the call is wrong', 'rds', databases, () => xml(400, 'InvalidParameterValue'), 'refused', 1],
  ['knows no such thing', 's3', publicAccessBlock, () => xml(404, 'NoSuchThing'), 'not_found', 1],
  ['has a clock that differs', 'iam', accountSummary, () => xml(403, 'SignatureDoesNotMatch'), 'application_refused', 1],
  ['sends a page of a gateway', 'iam', accountSummary, () => new Response('<html><body>', { status: 200 }), 'unexpected_shape', 1],
  ['sends another shape', 'guardduty', detectors, () => Response.json({ detectors: [] }), 'unexpected_shape', 1],
  ['sends nothing', 'cloudtrail', trails, () => Response.json({}), 'unexpected_shape', 1],
  ['redirects', 'iam', accountSummary, () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }), 'redirected', 1],
  ['sends too much', 'iam', accountSummary, () => new Response(new Uint8Array(5 * 1024 * 1024 + 1)), 'too_large', 1],
  ['tears the connection', 'iam', accountSummary, () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) })), 'unreachable', 3],
]

describe.each(faults)('a service that %s', (_when, service, endpoint, answer, kind, attempts) => {
  it(`is ${kind}, tried ${attempts} times`, async () => {
    const { api, made } = faulty(service, answer)
    const error = await failure(api, endpoint)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ kind, call: endpoint.path(region, {}) })
    if (kind === 'limited') expect(error).toMatchObject({ options: { limitedBy: 'policy' } })
    expect(made.filter(call => !call.startsWith('sts:'))).toHaveLength(attempts)
    expect(String(error)).not.toMatch(/elsewhere|nobody/)
  }, 20_000)
})

describe('a check whose action is denied', () => {
  it('is an error that names the action, not the whole policy', async () => {
    const { api } = faulty('iam', () => xml(403, 'AccessDenied', 'User: arn:aws:sts::123456789012:assumed-role/x/y is not authorized to perform: iam:GenerateCredentialReport on resource: *'))
    const outcome = await evaluate(aws, findCheck(aws, 'aws_user_mfa'), { ...region, kind: 'account' }, api, [], new Date())
    expect(outcome).toMatchObject({ verdict: 'error', evidence: { reason: 'limited', limited_by: 'policy', call: 'iam:GenerateCredentialReport' } })
  })
})

type RoleFault = [when: string, answer: () => Response, kind: string]
const roleFaults: RoleFault[] = [
  ['refuses the role', () => xml(403, 'AccessDenied'), 'role_refused'],
  ['does not know our key', () => xml(403, 'InvalidClientTokenId'), 'application_refused'],
  ['does not take our signature', () => xml(403, 'SignatureDoesNotMatch'), 'application_refused'],
  ['says that our key has ended', () => xml(400, 'ExpiredTokenException'), 'application_refused'],
  ['is slowing down', () => xml(400, 'Throttling'), 'rate_limited'],
  ['has a fault', () => xml(500, 'InternalFailure'), 'server_error'],
  ['is switched off in the region', () => xml(403, 'RegionDisabledException'), 'limited'],
  ['does not understand', () => xml(400, 'ValidationError'), 'refused'],
  ['sends a page of a gateway', () => new Response('<html>', { status: 502 }), 'server_error'],
  ['gives half a session', () => new Response('<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId></Credentials></AssumeRoleResult></AssumeRoleResponse>', { headers: { 'content-type': 'text/xml' } }), 'unexpected_shape'],
]

describe.each(roleFaults)('STS that %s', (_when, answer, kind) => {
  it(`is ${kind} for every call, and no way to look at the trust policy`, async () => {
    const { api, client, arn } = faulty('sts', answer)
    expect(await failure(api, accountSummary)).toMatchObject({ kind, call: 'sts:AssumeRole' })
    if (kind === 'role_refused') return
    const facts = { external_id: externalId }
    await expect(aws.authorization.tryTrust({ ...client, credential: arn, apiBase: client.apiBase, reference: null, facts })).rejects.toMatchObject({ kind })
  }, 20_000)
})

describe('a wait that nobody wants any more', () => {
  it('ends at once, though the SDK would try again', async () => {
    const stop = new AbortController()
    const opened = openSandbox({ faults: (request) => {
      if (!request.headers.get('authorization')?.includes('/iam/')) return undefined
      stop.abort(new Error('shutdown'))
      return xml(400, 'Throttling')
    } })
    const { arn } = opened.sandbox.roles.put({ accountId: '123456789012', externalId, trust: 'id', audit: true })
    await expect(opened.open(arn, { signal: stop.signal }).get(accountSummary)).rejects.toThrow('shutdown')
    expect(opened.made.filter(call => call.startsWith('iam:'))).toHaveLength(1)
  })
})

describe('a role that may do nothing but read', () => {
  const source = (folder: string): string => readdirSync(folder, { withFileTypes: true }).map(entry =>
    entry.isDirectory() ? source(join(folder, entry.name)) : readFileSync(join(folder, entry.name), 'utf8')).join('\n')

  it('is asked with commands of reading only', () => {
    const commands = new Set([...source('server/connectors/aws').matchAll(/new sdk\.(\w+Command)\b/g)].map(([, name]) => name ?? ''))
    expect(commands.size).toBeGreaterThan(15)
    expect([...commands].filter(name => !reading.test(name))).toEqual([])
  })

  it.each(['CreateUserCommand', 'DeleteRoleCommand', 'PutObjectCommand', 'AssumeRoleWithSAMLCommand', 'GenerateDataKeyCommand', 'UpdateGetCommand', 'GetterCommand', ''])('never with %j', (name) => {
    expect(reading.test(name)).toBe(false)
  })

  it('and the clients refuse every other before it is sent', async () => {
    let sent = 0
    const { sdk, client } = await openService('iam', {
      region: 'us-east-1', credentials: { accessKeyId: 'AKIA', secretAccessKey: 'x' },
      requestHandler: { handle: () => { sent++; return Promise.reject(new Error('sent')) }, destroy: () => undefined },
    })
    expect(() => client.send(new sdk.CreateUserCommand({ UserName: 'x' }))).toThrow(NotReading)
    expect(sent).toBe(0)
  })

  it('has a report made, waits for it, and has it made anew when it is gone in between', async () => {
    const state = (word: string) => new Response(`<GenerateCredentialReportResponse><GenerateCredentialReportResult><State>${word}</State></GenerateCredentialReportResult></GenerateCredentialReportResponse>`, { headers: { 'content-type': 'text/xml' } })
    const answers: (Response | undefined)[] = [state('STARTED'), state('COMPLETE'), xml(410, 'ReportNotPresent')]
    const opened = openSandbox({ faults: request => request.headers.get('authorization')?.includes('/iam/') ? answers.shift() : undefined })
    const { arn } = opened.sandbox.roles.put({ accountId: '123456789012', externalId, trust: 'id', audit: true })
    const report = await opened.open(arn).get(credentialReport)
    expect(report?.users.map(user => user.user)).toContain('ci-deploy')
    expect(opened.made.filter(call => call.startsWith('iam:')).map(call => call.slice(4, 7))).toEqual(['Gen', 'Gen', 'Get', 'Gen', 'Get'])
  }, 20_000)
})
