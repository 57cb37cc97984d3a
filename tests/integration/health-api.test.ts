/** The calendar's address over HTTP, and alerts from a process that is killed in the middle of one. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { ApiClient, expectStatus } from '../support/client.ts'
import { readCalendarFile } from '../support/calendar.ts'
import { connectedId, firstAssessment } from '../support/assessments.ts'
import { newGate } from '../support/gate.ts'
import { serveHttp, type HttpServer } from '../support/http-server.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let receiver: HttpServer
const posts: { id: string | null, alert: string }[] = []
let gate = newGate()

beforeAll(async () => {
  gate.open()
  receiver = await serveHttp(async (request) => {
    const { alert } = JSON.parse(await request.text()) as { alert: string }
    posts.push({ id: request.headers.get('webhook-id'), alert })
    return gate.respond(request, async () => new Response(null, { status: 204 }))
  })
  stack = await startStack({ env: { SUPABASE_CLIENT_SECRET_EXPIRES: '2031-01-31', ALERT_WEBHOOK_URL: `${receiver.url}/alerts` } })
})
afterAll(async () => {
  await stack?.close()
  await receiver?.close()
})

describe('GET /api/calendar/<token>.ics', () => {
  it('is a calendar for whoever has the address, and no log names it', async () => {
    const client = await stack.person()
    await firstAssessment(client, connectedId(await client.connect()))
    const { url } = expectStatus(await client.post<{ url: string }>('/api/calendar'), 201)
    const token = url.slice(url.lastIndexOf('/') + 1, -'.ics'.length)
    const path = new URL(url).pathname

    const nobody = new ApiClient(stack.app.url)
    const feed = await nobody.get(`${path}?nocache=1`)
    expect([feed.status, feed.headers.get('content-type'), feed.headers.get('cache-control')]).toEqual([200, 'text/calendar; charset=utf-8', 'private, max-age=300'])
    expect(feed.headers.getSetCookie()).toEqual([])
    expect(readCalendarFile(feed.text).children.map(event => event.properties['DTSTART;VALUE=DATE'])).toEqual(['20310131'])

    expectStatus(await client.delete('/api/calendar'), 204)
    for (const caller of [nobody, client]) {
      expect((await caller.get(path)).status).toBe(404)
      expect((await caller.get(`${path}?x=1`)).status).toBe(404)
      expect((await caller.get(path.replace('.ics', ''))).status).toBe(404)
    }
    const lines = await until(() => {
      const lines = stack.app.logs().filter(line => String(line.path).startsWith('/api/calendar/'))
      return lines.length >= 7 && lines
    }, { what: 'the requests in the log' })
    expect(new Set(lines.map(line => line.path))).toEqual(new Set(['/api/calendar/[redacted]']))
    expect(stack.app.output()).not.toContain(token)
    const audit = await client.get('/api/audit?limit=200')
    expect(audit.text).toContain('calendar.created')
    expect(audit.text).toContain('calendar.revoked')
    expect(audit.text).not.toContain(token)
  })

  it('is limited', async () => {
    const nobody = new ApiClient(stack.app.url)
    const path = `/api/calendar/${'A'.repeat(43)}.ics`
    const answers = await Promise.all(Array.from({ length: 130 }, () => nobody.get(path)))
    const refused = answers.find(answer => answer.status === 429)
    expect(new Set(answers.map(answer => answer.status))).toEqual(new Set([404, 429]))
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

// Another process may be at it on a shared database: there, the claim has to run out first (alerts.test.ts).
describe.skipIf(inject('databaseMode') === 'supabase')('an alert', () => {
  it('that was under way when the process was killed is sent by the next one, under the same id', async () => {
    const client = await stack.person()
    const id = connectedId(await client.connect())
    await firstAssessment(client, id)
    gate = newGate()
    stack.provider.fail({ kind: 'unauthorized' })
    expectStatus(await client.post(`/api/integrations/${id}/scan`), 202)
    await until(async () => expectStatus(await client.get<{ state: string }>(`/api/integrations/${id}/health`), 200).state === 'action_required', { what: 'the connection to end' })
    stack.provider.clearFaults()

    await stack.app.kill()
    await stack.app.restart()
    await until(() => gate.waiting() > 0, { what: 'the alert to be under way' })
    await stack.app.kill()
    const before = posts.length
    gate.open()
    await stack.app.restart()
    await until(() => posts.length > before, { what: 'the alert to come again' })

    const { data: [first] } = expectStatus(await client.get<{ data: { id: string, alert: string }[] }>('/api/alerts'), 200)
    expect(first?.alert).toBe('action_required')
    expect(posts).toEqual(Array.from({ length: before + 1 }, () => ({ id: first?.id, alert: 'action_required' })))
  })
})
