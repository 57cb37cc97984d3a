/**
 * Connecting by a role: over HTTP, on the product's own routes, with the stand-in of AWS, which knows what each role's trust
 * policy lets in.
 */
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aws } from '#server/connectors/aws'
import { useConnectors } from '#server/connectors/registry'
import { supabase } from '#server/connectors/supabase'
import { useSandbox } from '#server/integrations/client'
import { refreshDue } from '#server/integrations/refresh-due'
import { openRoleFlow, roleFlowCookieName, sealRoleFlow, type RoleFlow } from '#server/oauth/role-flow'
import { runAssessment } from '#server/scanner/run'
import { loadEnv } from '#server/utils/env'
import type { RoleGuide } from '#shared/api'
import { createSandboxes, type Sandboxes } from '../../server/sandbox/index.ts'
import { awsStandIn, createAwsSandbox, type AwsSandbox } from '../../server/sandbox/aws/index.ts'
import { ApiClient, expectStatus, newPerson } from '../support/client.ts'
import { startEdge, type Edge } from '../support/edge.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { faultsOf, parseSetCookies } from './set-cookie/known.ts'

interface Problem { code: string, reason?: string, detail?: string, errors?: { field: string, message: string }[] }

let rooms: Rooms
let edge: Edge
let sandboxes: Sandboxes
let standIn: AwsSandbox
/** Instead of AWS's right answer. */
let fault: ((request: Request) => Response | undefined) | null = null

beforeAll(async () => {
  rooms = await openRooms()
  useConnectors([supabase, aws])
  loadEnv([supabase, aws])
  sandboxes = createSandboxes({
    origin: process.env.APP_URL ?? '', directory: null, faults: { aws: request => fault?.(request) },
    standIns: { aws: { ...awsStandIn, create: options => standIn = createAwsSandbox(options) } },
  })
  useSandbox(sandboxes)
  edge = await startEdge()
})
afterAll(async () => {
  useSandbox(null)
  useConnectors(null)
  await edge?.close()
  await rooms?.close()
})
beforeEach(() => { fault = null })

async function somebody(): Promise<ApiClient> {
  const client = new ApiClient(edge.url)
  await client.signUp(newPerson())
  return client
}

const plant = (client: ApiClient, name: string, value: string) => client.jar.store(new Headers({ 'set-cookie': `${name}=${value}; Path=/api/auth; Max-Age=3600` }))

/** Opens the guide. @returns its id and what it shows */
async function begin(client: ApiClient, integrationId?: string): Promise<{ flow: string, guide: RoleGuide }> {
  const answer = await client.get(`/api/auth/aws/login${integrationId ? `?integration_id=${integrationId}` : ''}`)
  expectStatus(answer, 302)
  const to = new URL(answer.location ?? '', edge.url)
  expect(to.pathname).toBe('/integrations/connect/aws')
  const flow = to.searchParams.get('flow') ?? ''
  return { flow, guide: expectStatus(await client.get<RoleGuide>(`/api/auth/aws/role?flow=${flow}`), 200) }
}
type Made = Partial<Parameters<AwsSandbox['roles']['put']>[0]>
const production = '123456789012'
const makeRole = (guide: RoleGuide, made: Made = {}) => standIn.roles.put({ accountId: production, externalId: guide.external_id, trust: 'id', audit: true, ...made }).arn
const send = (client: ApiClient, flow: string, role_arn: string, regions = ['us-east-1', 'eu-west-1']) =>
  client.post<{ integration_id: string } & Problem>('/api/auth/aws/role', { flow, role_arn, regions })
const stored = async (client: ApiClient) => expectStatus(await client.get<{ data: { id: string, external_account_id: string }[] }>('/api/integrations'), 200).data

async function connected(client: ApiClient, made: Made = {}) {
  const { flow, guide } = await begin(client)
  const arn = makeRole(guide, made)
  const { integration_id: id } = expectStatus(await send(client, flow, arn), 200)
  return { id, arn, guide, flow }
}

describe('the guide', () => {
  it('shows whom to trust under which id, and a template and a policy that say the same', async () => {
    const client = await somebody()
    const { guide } = await begin(client)
    expect(guide.principal).toBe('arn:aws:iam::999988887777:user/allyship-scanner')
    expect(guide.external_id).toMatch(/^[0-9a-f-]{36}$/)
    const policy: unknown = JSON.parse(guide.trust_policy)
    expect(policy).toMatchObject({ Statement: [{ Effect: 'Allow', Principal: { AWS: guide.principal }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': guide.external_id } } }] })
    expect(guide.template.text).toContain(guide.external_id)
    expect(guide.policies).toEqual(['arn:aws:iam::aws:policy/SecurityAudit'])
    expect(guide.sandbox_url).toContain('/sandbox/aws/create-role?')
    expect(guide).toMatchObject({ create_url: null, integration_id: null, default_regions: ['us-east-1'] })
  })

  it('keeps its id while the role is being made, in a cookie that is as the product says', async () => {
    const client = await somebody()
    const first = await begin(client)
    const again = await client.get('/api/auth/aws/login')
    expect((await begin(client)).guide.external_id).toBe(first.guide.external_id)
    const cookies = parseSetCookies('GET /api/auth/aws/login', again.headers.getSetCookie())
    expect(cookies.map(cookie => cookie.name)).toEqual([roleFlowCookieName(first.flow)])
    expect(cookies.flatMap(cookie => faultsOf(cookie, false))).toEqual([])
    expect(cookies[0]?.value).not.toContain(first.guide.external_id)
  })

  it('is another one for everybody, and nobody\'s but theirs', async () => {
    const [mine, theirs] = [await somebody(), await somebody()]
    const [a, b] = [await begin(mine), await begin(theirs)]
    expect(a.guide.external_id).not.toBe(b.guide.external_id)
    // With the other's cookie.
    for (const cookie of mine.jar.all().filter(one => one.name.startsWith('role_'))) plant(theirs, cookie.name, cookie.value)
    expect((await theirs.get(`/api/auth/aws/role?flow=${a.flow}`)).status).toBe(404)
    expect((await send(theirs, a.flow, makeRole(a.guide))).status).toBe(404)
    expect(await stored(theirs)).toEqual([])
  })

  it('ends after an hour, and is not looked for elsewhere', async () => {
    const client = await somebody()
    const { flow } = await begin(client)
    const cookie = client.jar.all().find(one => one.name === roleFlowCookieName(flow))
    if (!cookie) throw new Error('There is no cookie')
    const old: RoleFlow = { ...openRoleFlow(cookie.value), createdAt: Date.now() - 3_601_000 }
    plant(client, cookie.name, sealRoleFlow(old))
    expect((await client.get<Problem>(`/api/auth/aws/role?flow=${flow}`)).body).toMatchObject({ code: 'connection_expired' })
    expect((await client.get('/api/auth/supabase/role?flow=0000000000000000')).status).toBe(404)
    // There is nothing that AWS would send anybody back to.
    expect((await client.get('/api/auth/aws/callback?code=x&state=y')).status).toBe(404)
  })
})

describe('a role that opens with its id only', () => {
  it('is connected: its ARN encrypted, its facts beside it, its account and regions listed', async () => {
    const client = await somebody()
    const { id, arn, guide, flow } = await connected(client)
    expect((await stored(client)).map(one => [one.id, one.external_account_id])).toEqual([[id, production]])
    const [row] = await rooms.sql<{ config: { access_token: string, refresh_token: null, facts: Record<string, string> }, text: string }>('select config, config::text as text from public.integrations where id = $1', [id])
    expect(row?.config).toMatchObject({ refresh_token: null, facts: { account_id: production, external_id: guide.external_id, regions: 'us-east-1,eu-west-1', partition: 'aws' } })
    expect(row?.text).not.toContain(arn)
    const resources = await rooms.sql<{ kind: string, external_id: string }>('select kind, external_id from public.integration_resources where integration_id = $1 order by external_id', [id])
    expect(resources.map(one => one.external_id)).toEqual([production, `${production}/eu-west-1`, `${production}/us-east-1`])
    // The start is used up, with every copy of it.
    expect(client.jar.all().filter(one => one.name.startsWith('role_'))).toEqual([])
    expect((await send(client, flow, arn)).status).toBe(404)
  })

  it('is scanned with verdicts for the account and each region', async () => {
    const client = await somebody()
    const { id } = await connected(client)
    const [open] = await rooms.sql<{ id: string }>('select id from public.assessments where integration_id = $1', [id])
    await runAssessment(open?.id ?? '', new AbortController().signal)
    const verdicts = await rooms.sql<{ verdict: string, count: number }>('select verdict, count(*)::int as count from public.assessment_results where assessment_id = $1 group by verdict', [open?.id])
    expect(Object.fromEntries(verdicts.map(one => [one.verdict, one.count]))).toMatchObject({ pass: expect.any(Number) as number, fail: expect.any(Number) as number })
    expect(verdicts.find(one => one.verdict === 'error')).toBeUndefined()
  })
})

describe('nothing is stored of a role that', () => {
  const refusals: [what: string, made: Made, reason: string][] = [
    ['opens without an external id', { trust: 'open' }, 'role_opens_without_id'],
    ['opens with any external id', { trust: 'any' }, 'role_opens_with_any_id'],
    ['asks for another external id', { externalId: 'somebody-elses-id' }, 'role_refused'],
    ['may not read the account', { audit: false }, 'role_permission_missing'],
  ]
  it.each(refusals)('%s', async (_what, made, reason) => {
    const client = await somebody()
    const { flow, guide } = await begin(client)
    const answer = await send(client, flow, makeRole(guide, made))
    expect([answer.status, answer.body]).toMatchObject([409, { code: 'connection_refused', reason, detail: expect.stringMatching(/Nothing was stored/) as string }])
    expect(await stored(client)).toEqual([])
    // Put right, it is connected with the same start.
    expectStatus(await send(client, flow, makeRole(guide)), 200)
  }, 30_000)

  it('is not there', async () => {
    const client = await somebody()
    const { flow } = await begin(client)
    expect((await send(client, flow, `arn:aws:iam::${production}:role/Nobody`)).body).toMatchObject({ reason: 'role_refused' })
    expect(await stored(client)).toEqual([])
  }, 30_000)

  it.each([
    ['is none', 'arn:aws:iam::123456789012:user/ines', 'role_arn', /not that of a role/],
    ['is in another partition', 'arn:aws-us-gov:iam::123456789012:role/Scanner', 'role_arn', /GovCloud/],
    ['is empty', '  ', 'role_arn', /Paste/],
  ])('%s', async (_what, arn, field, message) => {
    const client = await somebody()
    const { flow } = await begin(client)
    const answer = await send(client, flow, arn)
    expect([answer.status, answer.body.errors]).toMatchObject([400, [{ field, message: expect.stringMatching(message) as string }]])
  })

  it('is to be checked in a region that nobody offered', async () => {
    const client = await somebody()
    const { flow, guide } = await begin(client)
    expect((await send(client, flow, makeRole(guide), ['us-east-1', 'moon-1'])).body.errors).toMatchObject([{ field: 'regions' }])
  })

  it('is another customer\'s, named by somebody who has only heard of it', async () => {
    const [owner, thief] = [await somebody(), await somebody()]
    const { arn } = await connected(owner)
    const { flow } = await begin(thief)
    expect((await send(thief, flow, arn)).body).toMatchObject({ reason: 'role_refused' })
    expect(await stored(thief)).toEqual([])
  }, 30_000)

  it('AWS says nothing of: our own key is refused, or it is away', async () => {
    const client = await somebody()
    const { flow, guide } = await begin(client)
    const arn = makeRole(guide)
    const refuse = (code: string, status: number) => () => new Response(`<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>x</Message></Error></ErrorResponse>`, { status, headers: { 'content-type': 'text/xml' } })
    fault = refuse('InvalidClientTokenId', 403)
    expect((await send(client, flow, arn)).body).toMatchObject({ reason: 'application_refused' })
    fault = refuse('ServiceUnavailable', 503)
    expect((await send(client, flow, arn)).body).toMatchObject({ reason: 'provider_unavailable' })
    expect(await stored(client)).toEqual([])
  }, 30_000)
})

describe('reconnecting', () => {
  it('keeps the integration and its external id, and takes no other account\'s role', async () => {
    const client = await somebody()
    const { id, guide } = await connected(client)
    const again = await begin(client, id)
    expect(again.guide).toMatchObject({ integration_id: id, external_id: guide.external_id })
    const other = await send(client, again.flow, makeRole(again.guide, { accountId: '210987654321' }))
    expect(other.body).toMatchObject({ code: 'connection_refused', reason: 'role_of_another_account' })
    expect(expectStatus(await send(client, again.flow, makeRole(again.guide), ['eu-west-1']), 200).integration_id).toBe(id)
    const [row] = await rooms.sql<{ regions: string }>('select config #>> \'{facts,regions}\' as regions from public.integrations where id = $1', [id])
    expect(row?.regions).toBe('eu-west-1')
    expect(await stored(client)).toHaveLength(1)
  })
})

const state = async (id: string) => (await rooms.sql<{ status: string, health_state: string, health_reason: string, refresh_failures: number, last_error: { class: string, code: string } | null }>(
  'select status, health_state, health_reason, refresh_failures, last_error from public.integrations where id = $1', [id]))[0]
/** Only this one is due. */
async function probe(id: string) {
  await rooms.sql('update public.integrations set refresh_due_at = now() + interval \'1 day\' where id <> $1', [id])
  await rooms.sql('update public.integrations set refresh_due_at = now() - interval \'1 minute\' where id = $1', [id])
  await refreshDue(new AbortController().signal)
  return state(id)
}

describe('a role that is taken away', () => {
  /** As if there had been so many failures, the first of this reason so many minutes ago. */
  async function failedBefore(id: string, failures: number, minutes: number) {
    await rooms.sql('update public.integrations set refresh_failures = $2 where id = $1', [id, failures])
    await rooms.sql('update public.health_changes set at = at - make_interval(mins => $2) where integration_id = $1', [id, minutes])
  }
  const degraded = { status: 'active', health_state: 'degraded', health_reason: 'role_refused', last_error: { class: 'passing', code: 'role_refused' } }

  it('is given up after five refusals over an hour, and is well again once it is put back', async () => {
    const client = await somebody()
    const { id, arn, guide } = await connected(client)
    expect(await probe(id)).toMatchObject({ status: 'active', health_state: 'healthy', refresh_failures: 0 })
    standIn.roles.remove(arn)
    expect(await probe(id)).toMatchObject({ ...degraded, refresh_failures: 1 })
    await failedBefore(id, 4, 61)
    expect(await probe(id)).toMatchObject({ status: 'error', health_state: 'action_required', health_reason: 'role_refused', last_error: { class: 'dead_grant', code: 'role_refused' } })
    makeRole(guide)
    expect(await probe(id)).toMatchObject({ status: 'active', health_state: 'healthy', refresh_failures: 0, last_error: null })
  })

  it.each([['five within an hour', 9, 55], ['four over an hour', 3, 300]])('is not given up after %s', async (_what, failures, minutes) => {
    const client = await somebody()
    const { id, arn, guide } = await connected(client)
    standIn.roles.remove(arn)
    expect(await probe(id)).toMatchObject(degraded)
    await failedBefore(id, failures, minutes)
    expect(await probe(id)).toMatchObject(degraded)
    makeRole(guide)
    expect(await probe(id)).toMatchObject({ health_state: 'healthy' })
  })

  it('is not given up for what our own key was refused before', async () => {
    const client = await somebody()
    const { id, arn, guide } = await connected(client)
    fault = () => new Response('<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>x</Message></Error></ErrorResponse>', { status: 403, headers: { 'content-type': 'text/xml' } })
    expect(await probe(id)).toMatchObject({ status: 'active', health_state: 'degraded', health_reason: 'application_refused', last_error: { class: 'our_application' } })
    await failedBefore(id, 9, 300)
    fault = null
    standIn.roles.remove(arn)
    expect(await probe(id)).toMatchObject(degraded)
    makeRole(guide)
    expect(await probe(id)).toMatchObject({ health_state: 'healthy' })
  })

  it('costs a scan its checks, and no finding', async () => {
    const client = await somebody()
    const { id, arn } = await connected(client)
    standIn.roles.remove(arn)
    const [open] = await rooms.sql<{ id: string }>('select id from public.assessments where integration_id = $1', [id])
    await runAssessment(open?.id ?? '', new AbortController().signal)
    const verdicts = await rooms.sql<{ verdict: string }>('select distinct verdict from public.assessment_results where assessment_id = $1', [open?.id])
    expect(verdicts).toEqual([{ verdict: 'error' }])
  })
})

describe('a role whose trust is loosened later', () => {
  const scan = async (id: string) => {
    const [open] = await rooms.sql<{ id: string }>(`insert into public.assessments (organization_id, integration_id, trigger)
      select organization_id, id, 'manual' from public.integrations where id = $1
      on conflict do nothing returning id`, [id])
    const [last] = open ? [open] : await rooms.sql<{ id: string }>('select id from public.assessments where integration_id = $1 order by created_at desc limit 1', [id])
    await runAssessment(last?.id ?? '', new AbortController().signal)
  }
  const finding = async (id: string) => (await rooms.sql<{ severity: string, status: string }>('select severity, status from public.findings where integration_id = $1 and check_id = \'aws_trust_requires_external_id\'', [id]))[0]
  const alerts = async (id: string) => (await rooms.sql<{ alert: string, reason: string }>('select alert, reason from public.health_changes where integration_id = $1 and alert is not null order by at', [id]))
  const shown = async (client: ApiClient, id: string) => expectStatus(await client.get<{ status: string, health: { state: string, reason: string, sentence: string, next_action: string } }>(`/api/integrations/${id}`), 200)
  const exposed = (code: string) => ({ status: 'active', health_state: 'action_required', health_reason: code, refresh_failures: 0, last_error: { class: 'exposed', code, call: 'api' } })

  it.each([['without an external id', 'open', 'role_opens_without_id'], ['with any external id', 'any', 'role_opens_with_any_id']] as const)('so that it opens %s is found by the daily look, and is well again once it is tightened', async (_what, trust, code) => {
    const client = await somebody()
    const { id, guide } = await connected(client)
    expect(await probe(id)).toMatchObject({ health_state: 'healthy', last_error: null })
    makeRole(guide, { trust })
    expect(await probe(id)).toMatchObject(exposed(code))
    expect(await shown(client, id)).toMatchObject({ status: 'active', health: { state: 'action_required', reason: code, sentence: expect.stringMatching(/external id.*trust policy/) as string, next_action: 'scan' } })
    expect(await alerts(id)).toEqual([{ alert: 'action_required', reason: code }])
    // Said again it is no news, and it stays what it is while nothing is done.
    expect(await probe(id)).toMatchObject(exposed(code))
    makeRole(guide)
    expect(await probe(id)).toMatchObject({ status: 'active', health_state: 'healthy', last_error: null })
    expect(await alerts(id)).toEqual([{ alert: 'action_required', reason: code }, { alert: 'recovered', reason: 'ok' }])
  })

  it('is found by the next scan, which goes on, and says so until a scan or a look sees that it is shut', async () => {
    const client = await somebody()
    const { id, guide } = await connected(client)
    makeRole(guide, { trust: 'open' })
    await scan(id)
    expect([await finding(id), await state(id)]).toMatchObject([{ severity: 'critical', status: 'open' }, exposed('role_opens_without_id')])
    makeRole(guide)
    await scan(id)
    expect([await finding(id), await state(id)]).toMatchObject([{ status: 'resolved' }, { health_state: 'healthy', last_error: null }])
  })

  it('is not forgotten for an outage, nor for what a call without it says', async () => {
    const client = await somebody()
    const { id, guide } = await connected(client)
    makeRole(guide, { trust: 'open' })
    await probe(id)
    fault = () => new Response('<ErrorResponse><Error><Code>ServiceUnavailable</Code><Message>x</Message></Error></ErrorResponse>', { status: 503, headers: { 'content-type': 'text/xml' } })
    expect(await probe(id)).toMatchObject({ ...exposed('role_opens_without_id'), refresh_failures: 1 })
    fault = null
    await rooms.sql('select public.note_success(id, version, now()) from public.integrations where id = $1', [id])
    expect(await state(id)).toMatchObject({ health_reason: 'role_opens_without_id', last_error: { code: 'role_opens_without_id' } })
    expect(await alerts(id)).toHaveLength(1)
  }, 30_000)

  it('is another matter once it is gone, or connected anew', async () => {
    const client = await somebody()
    const { id, arn, guide } = await connected(client)
    makeRole(guide, { trust: 'open' })
    await probe(id)
    standIn.roles.remove(arn)
    expect(await probe(id)).toMatchObject({ health_state: 'degraded', health_reason: 'role_refused' })
    makeRole(guide, { trust: 'open' })
    expect(await probe(id)).toMatchObject({ health_reason: 'role_opens_without_id' })
    const again = await begin(client, id)
    expectStatus(await send(client, again.flow, makeRole(again.guide)), 200)
    expect(await state(id)).toMatchObject({ status: 'active', last_error: null, health_state: 'healthy' })
  }, 30_000)
})
