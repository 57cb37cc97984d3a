/** The main flow from end to end, with everything that can go wrong on the way and every page that can be looked at. */
import { connectedId, firstAssessment, requestScan, assessed, type List } from '../../support/assessments.ts'
import { expectStatus, type ApiClient, type SessionBody } from '../../support/client.ts'
import { land, startFlow } from '../../support/flow.ts'
import type { Stack } from '../../support/stack.ts'

const pages = ['/', '/integrations', '/integrations?error=access_denied', '/findings', '/settings', '/settings/integrations', '/settings/members', '/settings/audit', '/settings/receipts', '/nowhere']
const lists = ['session', 'providers', 'integrations', 'assessments', 'findings', 'overview', 'audit?limit=200', 'members', 'invitations', 'receipts']

/** A provider that repeats in its refusals what it was sent. */
const parrot = (status: number) => async (request: Request) => {
  const sent = `${request.headers.get('authorization')} ${await request.text()}`
  return Response.json({ error: 'server_error', error_description: sent, message: sent }, { status, headers: { location: `http://127.0.0.1:9/?sent=${encodeURIComponent(sent)}` } })
}

async function lookAround(client: ApiClient, id: string): Promise<void> {
  for (const list of lists) await client.get(`/api/${list}`)
  for (const path of [`integrations/${id}`, `integrations/${id}/resources`, `audit?integration_id=${id}`]) await client.get(`/api/${path}`)
  const { data } = expectStatus(await client.get<List<{ id: string }>>(`/api/assessments?integration_id=${id}`), 200)
  for (const assessment of data) await client.get(`/api/assessments/${assessment.id}`)
  for (const page of [...pages, `/integrations/${id}`, `/integrations/${id}/history`, `/integrations/${id}/audit`, `/integrations/${id}/configuration`]) {
    await client.get(page, { headers: { accept: 'text/html' } })
  }
}

/** Tokens last for less than five minutes here, so that every use renews them. Leaves one integration behind. */
export async function driveEverything({ provider, person }: Stack): Promise<void> {
  const client = await person()
  expectStatus(await client.get('/api/auth/supabase/login', { headers: { accept: 'text/html' } }), 302)
  await client.connect('supabase', 'deny')
  for (const status of [400, 401, 500, 302]) {
    provider.fail({ kind: parrot(status), path: '/v1/oauth/token', times: 1 })
    await client.connect()
  }
  const stale = await (await startFlow(client)).answer('approve')
  await land(client, stale)
  await land(client, stale)

  const id = connectedId(await client.connect())
  await firstAssessment(client, id)
  await client.patch(`/api/integrations/${id}`, { name: 'Renamed', enabled_checks: ['rls'], scan_schedule: '7 7 * * 1' })
  await client.patch(`/api/integrations/${id}`, { name: '', scan_schedule: 'never' })
  for (const status of [302, 403, 500]) {
    provider.fail({ kind: parrot(status), path: '/v1/projects' })
    await assessed(client, await requestScan(client, id))
    provider.clearFaults()
  }
  for (const status of [500, 401, 400]) {
    provider.fail({ kind: parrot(status), path: '/v1/oauth/token' })
    await assessed(client, await requestScan(client, id))
    provider.clearFaults()
  }
  await client.connect()
  await firstAssessment(client, id)
  // A refusal by the database itself: the last owner may not go.
  const { user } = expectStatus(await client.get<{ user: { id: string } }>('/api/session'), 200)
  expectStatus(await client.delete(`/api/members/${user.id}`), 409)
  await lookAround(client, id)

  const other = await person()
  const removed = connectedId(await other.connect())
  await firstAssessment(other, removed)
  await other.get(`/api/integrations/${id}`)
  provider.fail({ kind: parrot(500), path: '/v1/oauth/revoke' })
  const removal = await other.delete(`/api/integrations/${removed}`)
  expectStatus(removal, 204)
  provider.clearFaults()
  expectStatus(await other.get(removal.headers.get('x-receipt') ?? ''), 200)
  await lookAround(other, removed)
  const { organization } = expectStatus(await other.get<SessionBody>('/api/session'), 200)
  expectStatus(await other.delete(`/api/organizations/${organization?.id}`, { json: { name: organization?.name } }), 200)
  await other.delete('/api/session')
}
