/** What people and the operator's receiver are told of a connection's health, over real calls of the provider's. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { deliverAlert, queueAlerts, releaseAlerts } from '#server/integrations/alert-delivery'
import { listAlerts } from '#server/integrations/alerts'
import { healthReport } from '#server/integrations/health-report'
import { markUnverified } from '#server/integrations/verification'
import { work } from '#server/queue'
import { loadEnv } from '#server/utils/env'
import { serveHttp, type HttpServer } from '../support/http-server.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'

interface Post { headers: Headers, body: string, path: string }

const secret = `whsec_${randomBytes(32).toString('base64')}`
const hidden = `hidden-${randomUUID()}`
const signal = new AbortController().signal

let rooms: Rooms
let receiver: HttpServer
let who: Caller
let id: string
const posts: Post[] = []
/** What the receiver answers, one after the other; then 204. */
const answers: (() => Response)[] = []

beforeAll(async () => {
  rooms = await openRooms()
  receiver = await serveHttp(async (request) => {
    const { pathname, search } = new URL(request.url)
    posts.push({ headers: request.headers, body: await request.text(), path: pathname + search })
    return answers.shift()?.() ?? new Response(null, { status: 204 })
  })
  configure({ ALERT_WEBHOOK_URL: `${receiver.url}/${hidden}?key=${hidden}`, ALERT_WEBHOOK_SECRET: secret })
  await work('alert.deliver', ({ change_id }, signal) => deliverAlert(change_id, signal))
})
afterAll(async () => {
  configure({ ALERT_WEBHOOK_URL: undefined, ALERT_WEBHOOK_SECRET: undefined })
  await rooms?.close()
  await receiver?.close()
})
beforeEach(async () => {
  await rooms.sql('update public.health_changes set delivered_at = now() where alert is not null and delivered_at is null')
  answers.length = 0
  who = await rooms.person()
  id = await rooms.connect(who)
  posts.length = 0
})

function configure(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }
  loadEnv([supabase.id])
}

const fail = (kind: string, code: string) => rooms.sql('update public.integrations set last_error = $2::text::jsonb, status = $3 where id = $1',
  [id, JSON.stringify({ class: kind, code, message: 'x', call: kind === 'passing' ? 'api' : 'refresh', at: new Date().toISOString() }), kind === 'dead_grant' ? 'error' : 'active'])
const succeed = () => rooms.sql(`update public.integrations set last_error = null, status = 'active', last_success_at = now() where id = $1`, [id])
const newest = async () => (await rooms.sql<{ id: string }>('select id from public.health_changes where integration_id = $1 and alert is not null order by at desc limit 1', [id]))[0]?.id ?? ''
const delivered = async (change: string) => (await rooms.sql<{ n: number }>('select count(delivered_at)::int as n from public.health_changes where id = $1', [change]))[0]?.n === 1

describe('an alert to the receiver', () => {
  it('is one POST, signed, that says what happened and what to do', async () => {
    await fail('dead_grant', 'answer_lost')
    const change = await newest()
    expect([await queueAlerts(), await queueAlerts()]).toContain(1)
    await until(() => delivered(change), { what: 'the alert to be delivered' })
    expect(await queueAlerts()).toBe(0)
    await deliverAlert(change, signal)

    const [post, ...others] = posts
    expect(others).toEqual([])
    expect(JSON.parse(post?.body ?? '')).toEqual({
      type: 'integration.health', id: change, at: expect.stringMatching(/^\d{4}-.*Z$/) as string, organization_id: who.organizationId,
      integration: { id, name: expect.any(String) as string, type: 'supabase' }, from: 'healthy', to: 'action_required', alert: 'action_required', reason: 'answer_lost',
      sentence: expect.stringMatching(/answer was lost.*Reconnect\.$/) as string, url: `${rooms.env.APP_URL}/integrations/${id}/health`,
    })
    const [eventId, timestamp, signature] = ['id', 'timestamp', 'signature'].map(name => post?.headers.get(`webhook-${name}`) ?? '')
    expect(eventId).toBe(change)
    expect(Math.abs(Number(timestamp) * 1000 - Date.now())).toBeLessThan(60_000)
    expect(signature).toBe(`v1,${createHmac('sha256', Buffer.from(secret.slice(6), 'base64')).update(`${eventId}.${timestamp}.${post?.body}`).digest('base64')}`)
  })

  it('comes once for each change of state, the recovery too, and never for the first connection or a pause', async () => {
    await rooms.sql(`update public.integrations set status = 'paused' where id = $1`, [id])
    await rooms.sql(`update public.integrations set status = 'active' where id = $1`, [id])
    expect(await queueAlerts()).toBe(0)
    await fail('passing', 'server_error')
    await fail('passing', 'timeout')
    await succeed()
    expect(await queueAlerts()).toBe(2)
    await until(() => posts.length === 2, { what: 'both alerts' })
    expect(posts.map(post => (JSON.parse(post.body) as { alert: string }).alert).sort()).toEqual(['degraded', 'recovered'])
  })

  it.each([500, 404, 301, 410])('is tried again after %i, with the same id, and the failure names no address', async (status) => {
    await fail('passing', 'server_error')
    const change = await newest()
    answers.push(() => new Response('no', { status, headers: { location: `${receiver.url}/elsewhere` } }))
    const failure = await deliverAlert(change, signal).then(() => null, String)
    expect(failure).toMatch(/^Error: alert was not delivered: (?:HTTP \d+|redirected)$/)
    expect(await delivered(change)).toBe(false)
    await queueAlerts()
    await until(() => delivered(change), { what: 'the second try' })
    expect(posts.map(post => [post.path, post.headers.get('webhook-id')])).toEqual([1, 2].map(() => [`/${hidden}?key=${hidden}`, change]))
  })

  it('waits for a receiver that is away', async () => {
    await fail('passing', 'server_error')
    const change = await newest()
    configure({ ALERT_WEBHOOK_URL: `http://127.0.0.1:9/${hidden}` })
    await expect(deliverAlert(change, signal)).rejects.toThrow(/^alert was not delivered: unreachable$/)
    configure({ ALERT_WEBHOOK_URL: `${receiver.url}/${hidden}?key=${hidden}` })
    await deliverAlert(change, signal)
    expect([posts.length, await delivered(change)]).toEqual([1, true])
  })

  it('is not sent beside a process that is at it, and is taken up when that one was killed', async () => {
    await fail('passing', 'server_error')
    const change = await newest()
    await serviceClient().rpc('claim_alert', { p_id: change, p_seconds: 30 }).throwOnError()
    expect(await queueAlerts()).toBe(0)
    await deliverAlert(change, signal)
    expect(posts).toEqual([])
    await rooms.sql(`update public.health_changes set delivery_due_at = now() - interval '1 second' where id = $1`, [change])
    expect(await queueAlerts()).toBe(1)
    await until(() => delivered(change), { what: 'the alert to be delivered' })
    expect(posts).toHaveLength(1)
  })

  it('is freed at the start of a process that is alone on its database', async () => {
    await fail('passing', 'server_error')
    await serviceClient().rpc('claim_alert', { p_id: await newest(), p_seconds: 30 }).throwOnError()
    await releaseAlerts()
    expect(await queueAlerts()).toBe(1)
    await until(() => posts.length === 1)
  })

  it('goes with its integration, and nowhere without a receiver', async () => {
    await fail('passing', 'server_error')
    const change = await newest()
    configure({ ALERT_WEBHOOK_URL: undefined })
    expect(await queueAlerts()).toBe(0)
    await deliverAlert(change, signal)
    expect(await delivered(change)).toBe(false)
    configure({ ALERT_WEBHOOK_URL: `${receiver.url}/x` })
    await rooms.sql('delete from public.integrations where id = $1', [id])
    await deliverAlert(change, signal)
    expect(posts).toEqual([])
    configure({ ALERT_WEBHOOK_URL: `${receiver.url}/${hidden}?key=${hidden}` })
  })

  it('is signed only where there is a secret', async () => {
    configure({ ALERT_WEBHOOK_SECRET: undefined })
    await fail('passing', 'server_error')
    await deliverAlert(await newest(), signal)
    configure({ ALERT_WEBHOOK_SECRET: secret })
    expect([posts[0]?.headers.has('webhook-id'), posts[0]?.headers.has('webhook-signature')]).toEqual([true, false])
  })

  it('tells that nothing has verified a connection for a day and a half, and that something has again', async () => {
    await rooms.sql(`update public.integrations set health_state = 'healthy', last_success_at = now() - interval '37 hours', last_error = null
      where id = $1 and set_config('session_replication_role', 'replica', true) = 'replica'`, [id])
    // After a start, what was missed meanwhile is made up for first.
    expect(await markUnverified(60)).toBe(0)
    expect(await markUnverified(3_600)).toBe(1)
    expect(await markUnverified(3_600)).toBe(0)
    await queueAlerts()
    await until(() => posts.length === 1)
    await rooms.scan(who, id)
    await queueAlerts()
    await until(() => posts.length === 2)
    expect(posts.map(post => JSON.parse(post.body) as object)).toMatchObject([
      { alert: 'unknown', from: 'healthy', to: 'unknown', reason: 'not_verified', sentence: expect.stringContaining('a day and a half') as string },
      { alert: 'recovered', from: 'unknown', to: 'healthy' }])
    expect((await listAlerts(who, { limit: 2 })).data.map(one => one.alert)).toEqual(['recovered', 'unknown'])
  })

  it('leaves neither the address nor the message in the queue', async () => {
    const rows = await rooms.sql<{ all: string }>(`select coalesce(string_agg(data::text || coalesce(output::text, ''), ' '), '') as all from pgboss.job where name = 'alert.deliver'`)
    expect(rows[0]?.all).toContain('change_id')
    expect(rows[0]?.all).not.toMatch(new RegExp(`${hidden}|whsec|127\\.0\\.0\\.1|sentence`))
  })
})

describe('what a member reads', () => {
  it('is the alerts of the organization, newest first, in pages', async () => {
    await fail('passing', 'server_error')
    await fail('dead_grant', 'invalid_grant')
    await succeed()
    const first = await listAlerts(who, { limit: 2 })
    expect(first.data).toMatchObject([
      { alert: 'recovered', integration_id: id, from_state: 'action_required', to_state: 'healthy', reason: 'ok' },
      { alert: 'action_required', integration_type: 'supabase', integration_name: expect.any(String) as string, reason: 'invalid_grant', sentence: expect.stringMatching(/Reconnect\.$/) as string },
    ])
    const [at = '', changeId = ''] = JSON.parse(Buffer.from(first.next_cursor ?? '', 'base64url').toString()) as string[]
    const second = await listAlerts(who, { limit: 2, cursor: { at, id: changeId } })
    expect([second.data.map(one => one.alert), second.next_cursor]).toEqual([['degraded'], null])
    expect(await listAlerts(await rooms.person(), { limit: 10 })).toEqual({ data: [], next_cursor: null })
  })

  it('is one integration\'s health: state, forecast and timeline, after a scan that failed and one that did not', async () => {
    await rooms.scan(who, id)
    expect(await healthReport(who, id)).toMatchObject({
      state: 'healthy', reason: 'ok', next_action: null, since: expect.stringMatching(/Z$/) as string, last_success_at: expect.stringMatching(/Z$/) as string,
      forecast: { ends_at: null, causes: [] }, changes: [{ from_state: null, from_reason: null, to_state: 'healthy', reason: 'ok', alert: null }],
    })
    await fail('passing', 'timeout')
    await rooms.scan(who, id)
    const report = await healthReport(who, id)
    expect(report.state).toBe('healthy')
    expect(report.changes.map(change => [change.to_state, change.alert])).toEqual([['healthy', 'recovered'], ['degraded', 'degraded'], ['healthy', null]])
    await expect(healthReport(await rooms.person(), id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('tells who left, and when the application\'s secret ends', async () => {
    configure({ SUPABASE_CLIENT_SECRET_EXPIRES: '2031-01-31' })
    await rooms.sql('update public.integrations set connected_by = null where id = $1', [id])
    const { forecast } = await healthReport(who, id)
    expect(forecast.causes.map(({ cause, at }) => [cause, at])).toEqual([['application_secret_end', '2031-01-31T00:00:00.000Z'], ['connected_by_left', null]])
    expect(forecast.ends_at).toBe('2031-01-31T00:00:00.000Z')
    configure({ SUPABASE_CLIENT_SECRET_EXPIRES: undefined })
  })

  it('has no more than fifty lines, and every one of a shorter history', async () => {
    for (let round = 0; round < 30; round++) {
      await fail('passing', 'timeout')
      await succeed()
    }
    const { changes } = await healthReport(who, id)
    expect(changes).toHaveLength(50)
    expect(changes[0]).toMatchObject({ to_state: 'healthy', alert: 'recovered' })
    expect(changes.map(change => change.to_state)).toEqual(Array.from({ length: 25 }, () => ['healthy', 'degraded']).flat())
  })
})
