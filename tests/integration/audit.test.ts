/** The log: who did what, to what, when, from where. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditActions } from '#server/audit'
import { checkExport } from '../../scripts/lib/audit-file.ts'
import type { VerificationKey } from '../../scripts/lib/verification-keys.ts'
import { ApiClient, expectStatus, newPerson, type Answer } from '../support/client.ts'
import { connectAndScan, newColleague, newCompany, settled, type Company } from '../support/company.ts'
import { readSessionCookie } from '../support/session-cookie.ts'
import { startStack, type Stack } from '../support/stack.ts'
import { tempDir } from '../support/temp-dir.ts'
import { until } from '../support/until.ts'

interface Entry {
  id: string
  action: string
  actor: { type: string, id: string | null, email: string | null }
  target: { type: string, id: string } | null
  detail: Record<string, unknown>
  ip: string | null
  request_id: string | null
  created_at: string
}

let stack: Stack
let acme: Company
let outsider: ApiClient
const secrets = new Set<string>()

beforeAll(async () => {
  // Tokens that end within the five minutes before which they are renewed: every use is a refresh.
  stack = await startStack({ env: { TRUST_PROXY: '1' }, provider: { accessTokenLifetimeSeconds: 120 } })
  acme = await newCompany(stack)
  outsider = await stack.person()
})
afterAll(() => stack?.close())

async function log(query = ''): Promise<Entry[]> {
  const all: Entry[] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { data: Entry[], next_cursor: string | null } = expectStatus(
      await acme.owner.client.get<{ data: Entry[], next_cursor: string | null }>(`/api/audit?limit=200${query}${cursor && `&cursor=${cursor}`}`), 200)
    all.push(...page.data)
    cursor = page.next_cursor
  }
  return all
}

/** The newest entry of an action, once it is there. */
const entryOf = (action: string) => until(async () => (await log()).find(entry => entry.action === action), { what: `${action} in the log` })

const userAt = (id: string, email: string) => ({ type: 'user', id, email })
const byOwner = () => userAt(acme.owner.id, acme.owner.person.email)
const worker = { type: 'worker', id: null, email: null }
const system = { type: 'system', id: null, email: null }

async function expectEntry(action: string, answer: Answer, expected: Partial<Entry> & { target?: Entry['target'] }): Promise<Entry> {
  const entry = await entryOf(action)
  expect(entry).toMatchObject(expected)
  expect(entry.request_id).toBe(answer.headers.get('x-request-id'))
  expect(Math.abs(Date.now() - Date.parse(entry.created_at))).toBeLessThan(60_000)
  expect(entry.created_at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  return entry
}

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } })

describe('people', () => {
  it('account.created, with the address that the proxy saw', async () => {
    expect((await log()).find(entry => entry.action === 'account.created' && entry.actor.id === acme.owner.id)).toMatchObject({ actor: byOwner() })
    const person = newPerson()
    const client = new ApiClient(stack.app.url)
    const answer = await client.post('/api/account', person, from('203.0.113.9, 198.51.100.20'))
    const entries = expectStatus(await client.get<{ data: Entry[] }>('/api/audit'), 200).data
    expect(entries.find(entry => entry.action === 'account.created')).toMatchObject({ ip: '198.51.100.20', request_id: answer.headers.get('x-request-id') })
    secrets.add(person.password)
  })

  it('session.signed_in and session.signed_out', async () => {
    const client = new ApiClient(stack.app.url)
    const { email, password } = acme.owner.person
    const signedIn = await client.post('/api/session', { email, password }, from('198.51.100.21'))
    await expectEntry('session.signed_in', signedIn, { actor: byOwner(), ip: '198.51.100.21', target: null })
    secrets.add(password).add(readSessionCookie(client.jar).access_token).add(readSessionCookie(client.jar).refresh_token)
    const signedOut = await client.delete('/api/session', from('198.51.100.22'))
    await expectEntry('session.signed_out', signedOut, { actor: byOwner(), ip: '198.51.100.22' })
  })

  it('invitation.created, invitation.withdrawn and invitation.accepted', async () => {
    const created = await acme.owner.client.post<{ id: string, url: string }>('/api/invitations', { email: 'someone@example.com' })
    secrets.add(new URL(created.body.url).hash.slice(1))
    await expectEntry('invitation.created', created, { actor: byOwner(), target: { type: 'invitation', id: created.body.id }, detail: { email: 'someone@example.com', role: 'member' } })
    const withdrawn = await acme.owner.client.delete(`/api/invitations/${created.body.id}`)
    await expectEntry('invitation.withdrawn', withdrawn, { actor: byOwner(), target: { type: 'invitation', id: created.body.id } })

    const person = newPerson()
    const guest = new ApiClient(stack.app.url)
    const { user } = await guest.signUp(person)
    const { url } = expectStatus(await acme.owner.client.post<{ url: string }>('/api/invitations', { email: person.email }), 201)
    const accepted = await guest.post('/api/invitations/accept', { token: new URL(url).hash.slice(1) })
    await expectEntry('invitation.accepted', accepted, { actor: userAt(user.id, person.email) })
  })

  it('member.changed and member.removed', async () => {
    const { id } = await newColleague(stack, acme.owner.client, 'member')
    await expectEntry('member.changed', await acme.owner.client.patch(`/api/members/${id}`, { role: 'admin' }), { actor: byOwner(), target: { type: 'user', id }, detail: { role: 'admin' } })
    await expectEntry('member.removed', await acme.owner.client.delete(`/api/members/${id}`), { actor: byOwner(), target: { type: 'user', id } })
  })

  it('organization.created', async () => {
    const someone = new ApiClient(stack.app.url)
    await someone.signUp()
    await someone.post('/api/organizations', { name: 'Another' })
    const entries = expectStatus(await someone.get<{ data: Entry[] }>('/api/audit'), 200).data
    expect(entries.map(entry => entry.action)).toEqual(['organization.created'])
  })
})

describe('integrations', () => {
  let id: string
  let resourceId: string
  beforeAll(async () => {
    const connected = await connectAndScan(acme.owner.client)
    id = connected.integrationId
    resourceId = connected.resourceId
  })
  const target = () => ({ type: 'integration', id })
  const of = async (action: string) => (await log(`&integration_id=${id}`)).filter(entry => entry.action === action)

  it('integration.connected, and the scan that follows with every use of the credential', async () => {
    expect(await entryOf('integration.connected')).toMatchObject({ actor: byOwner(), target: target(), ip: '127.0.0.1', detail: { integration_type: 'supabase' } })
    expect(await entryOf('scan.completed')).toMatchObject({ actor: worker, target: target(), detail: { assessment_id: expect.any(String) as string } })
    expect((await of('credential.used'))[0]).toMatchObject({ actor: worker, detail: { purpose: 'scan' } })
    expect((await of('credential.refreshed'))[0]).toMatchObject({ actor: system, target: target() })
  })

  it('integration.changed and resource.changed, with what was asked', async () => {
    const changed = await acme.owner.client.patch(`/api/integrations/${id}`, { name: 'Renamed', scan_schedule: '0 5 * * *' })
    await expectEntry('integration.changed', changed, { actor: byOwner(), target: target(), detail: { name: 'Renamed', scan_schedule: '0 5 * * *' } })
    const switched = await acme.admin.client.patch(`/api/integrations/${id}/resources/${resourceId}`, { enabled: false })
    const all = await acme.admin.client.patch(`/api/integrations/${id}/resources`, { enabled: true })
    await expectEntry('resources.changed', all, { actor: userAt(acme.admin.id, acme.admin.person.email), target: target(), detail: { enabled: true } })
    await expectEntry('resource.changed', switched, { actor: userAt(acme.admin.id, acme.admin.person.email), target: target(), detail: { enabled: false } })
  })

  it('scan.requested, by whom', async () => {
    const asked = await acme.admin.client.post<{ assessment_id: string }>(`/api/integrations/${id}/scan`)
    expectStatus(asked, 202)
    await expectEntry('scan.requested', asked, { actor: userAt(acme.admin.id, acme.admin.person.email), target: target(), detail: { assessment_id: asked.body.assessment_id } })
    await settled(acme.owner.client, id)
  })

  it('integration.refused: a person who said no, and an answer that nobody asked for', async () => {
    expect(await acme.owner.client.connect('supabase', 'deny')).toBe('/integrations?error=access_denied')
    expect(await entryOf('integration.refused')).toMatchObject({ actor: byOwner(), detail: { integration_type: 'supabase', code: 'access_denied' } })
    const stray = await acme.owner.client.get('/api/auth/supabase/callback?state=x&code=y')
    await expectEntry('integration.refused', stray, { actor: byOwner(), detail: { code: 'flow_missing' } })
  })

  it('integration.reconnected', async () => {
    await acme.admin.client.connect()
    expect(await entryOf('integration.reconnected')).toMatchObject({ actor: userAt(acme.admin.id, acme.admin.person.email), target: target() })
    await settled(acme.owner.client, id)
  })

  it('credential.refresh_failed and scan.failed, when the grant is dead', async () => {
    stack.provider.fail({ kind: 'server_error', grantType: 'refresh_token', times: 1 })
    expectStatus(await acme.owner.client.post(`/api/integrations/${id}/scan`), 202)
    expect(await entryOf('credential.refresh_failed')).toMatchObject({ actor: system, target: target(), detail: { class: 'passing' } })
    await settled(acme.owner.client, id)
  })

  it('integration.removed, with what became of the grant, and outlives the integration', async () => {
    const removed = await acme.owner.client.delete(`/api/integrations/${id}`)
    expect(removed.status).toBe(204)
    await expectEntry('integration.removed', removed, { actor: byOwner(), target: target(), detail: { integration_type: 'supabase', revocation: 'revoked' } })
    expect((await of('credential.used'))[0]).toMatchObject({ actor: byOwner(), detail: { purpose: 'revoke' } })
    expect((await of('integration.connected'))).toHaveLength(1)
  })
})

describe('denied access', () => {
  it('is recorded, for a role that does not suffice', async () => {
    const denied = await acme.member.client.post('/api/invitations', { email: 'x@example.com' })
    expect(denied.status).toBe(403)
    await expectEntry('access.denied', denied, { actor: userAt(acme.member.id, acme.member.person.email), detail: { path: '/api/invitations', code: 'forbidden' } })
    await expectEntry('access.denied', await acme.member.client.get('/api/auth/supabase/login?integration_id=x'), { detail: { path: '/api/auth/supabase/login', code: 'forbidden' } })
  })

  it('is recorded whatever stands in the path', async () => {
    const denied = await acme.member.client.delete('/api/integrations/%00')
    expect(denied.status).toBe(403)
    await expectEntry('access.denied', denied, { detail: { path: '/api/integrations/%00', code: 'forbidden' } })
  })

  it('stands in the log of who tried, never in that of an organization they only name', async () => {
    const before = (await log()).length
    const jar = outsider.jar.copy()
    jar.store(new Headers({ 'set-cookie': `organization=${acme.organizationId}; Path=/` }))
    const posing = new ApiClient(stack.app.url, jar)
    const path = '/api/integrations/00000000-0000-4000-8000-000000000000'
    expect((await posing.get(path)).status).toBe(404)
    expect((await outsider.get(path, { headers: { 'x-organization-id': acme.organizationId } })).status).toBe(404)
    await posing.get('/api/auth/supabase/callback?error=access_denied')
    const second = new ApiClient(stack.app.url)
    await second.signUp()
    expect((await second.delete('/api/session', { headers: { 'x-organization-id': acme.organizationId } })).status).toBe(204)

    expect(await log()).toHaveLength(before)
    const own = expectStatus(await outsider.get<{ data: Entry[] }>('/api/audit'), 200).data
    expect(own.filter(entry => entry.action === 'access.denied' && entry.detail.path === path)).toHaveLength(2)
  })
})

describe('the proof', () => {
  it('audit.verified: the chain holds, after all of the above', async () => {
    const answer = await acme.admin.client.get<{ checked: number }>('/api/audit/verify')
    expect(expectStatus(answer, 200)).toMatchObject({ ok: true, first_fault: null, head: { hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string } })
    await expectEntry('audit.verified', answer, { actor: userAt(acme.admin.id, acme.admin.person.email), detail: { ok: true, checked: answer.body.checked } })
  })

  it('audit.exported: a file whose signature anybody can check with the published keys', async () => {
    const answer = await acme.owner.client.get('/api/audit/export')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/jsonl/)
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="audit-[\w-]+\.jsonl"$/)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    await expectEntry('audit.exported', answer, { actor: byOwner() })

    const published = await new ApiClient(stack.app.url).get<{ keys: VerificationKey[] }>('/.well-known/jwks.json')
    expect(published.status).toBe(200)
    expect(published.headers.get('content-type')).toBe('application/jwk-set+json')
    expect(published.headers.get('cache-control')).toBe('public, max-age=300')
    expect(published.headers.getSetCookie()).toEqual([])
    expect(published.text).not.toMatch(/"d"/)
    const folder = await tempDir('export')
    try {
      await writeFile(join(folder.path, 'export.jsonl'), answer.text)
      const proof = await checkExport(join(folder.path, 'export.jsonl'), async () => published.body.keys)
      expect(proof.header).toMatchObject({ organization_id: acme.organizationId, from_seq: 1 })
      expect(proof.footer.count).toBeGreaterThan(20)
    }
    finally {
      await folder.remove()
    }
  })

  it.each(['from_seq=0', 'from_seq=x', 'from_seq=999999', 'surplus=1'])('is not exported for ?%s', async (query) => {
    expect((await acme.owner.client.get(`/api/audit/export?${query}`)).body).toMatchObject({ code: 'invalid_request', errors: [{ field: query.split('=')[0] }] })
  })
})

describe('the log', () => {
  it('has a line of every kind', async () => {
    const seen = new Set((await log()).map(entry => entry.action))
    // Elsewhere: those without an organization yet, those in somebody else's, the end of a scan that cannot be done and a refusal by the API (scan tests), another account at a reconnect (reconnect tests), the calendar (calendar tests), changes of keys (rotation tests), what a provider tells (webhook tests), and the end of the organization.
    const elsewhere = ['session.refused', 'password.reset', 'organization.created', 'organization.deleted', 'scan.failed', 'credential.refused', 'connection.held', 'connection.cancelled', 'connection.ended', 'calendar.created', 'calendar.revoked', 'key.replaced', 'key.rewrapped', 'key.dropped', 'integration.ended', 'integration.suspended', 'integration.resumed', 'integration.permissions_changed']
    expect(auditActions.filter(action => !seen.has(action) && !elsewhere.includes(action))).toEqual([])
  })

  it('is for owners and admins', async () => {
    expect((await acme.member.client.get('/api/audit')).status).toBe(403)
    expect((await acme.admin.client.get('/api/audit')).status).toBe(200)
    expect((await new ApiClient(stack.app.url).get('/api/audit')).status).toBe(401)
  })

  it('holds no secret: no token of ours or of the provider, no password, no link', async () => {
    for (const call of stack.provider.calls) {
      const bearer = /^Bearer (\S+)$/.exec(call.headers.get('authorization') ?? '')?.[1]
      if (bearer) secrets.add(bearer)
      if (!call.headers.get('content-type')?.includes('form')) continue
      for (const [name, value] of new URLSearchParams(call.body)) if (/token|code|secret/.test(name) && value.length > 15) secrets.add(value)
    }
    secrets.add(stack.provider.clientSecret)
    expect(secrets.size).toBeGreaterThan(8)
    const text = JSON.stringify(await log())
    expect([...secrets].filter(secret => text.includes(secret)).length).toBe(0)
    // No ciphertext either: <key id>:iv.tag.ciphertext.
    expect(text).not.toMatch(/[0-9a-f]{8}:[\w-]{16}\.[\w-]{22}\./)
    expect([...secrets].filter(secret => stack.app.output().includes(secret)).length).toBe(0)
  })

  it('is read in pages, newest first', async () => {
    const all = await log()
    const times = all.map(entry => Date.parse(entry.created_at))
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const first = expectStatus(await acme.owner.client.get<{ data: Entry[], next_cursor: string }>('/api/audit?limit=3'), 200)
    const second = expectStatus(await acme.owner.client.get<{ data: Entry[] }>(`/api/audit?limit=3&cursor=${first.next_cursor}`), 200)
    expect([...first.data, ...second.data].map(entry => entry.id)).toEqual(all.slice(0, 6).map(entry => entry.id))
  })

  it.each([['limit=0', 'limit'], ['limit=201', 'limit'], ['limit=x', 'limit'], ['cursor=x', 'cursor'], ['integration_id=1', 'integration_id'], ['surplus=1', 'surplus'], ['limit=1&limit=2', 'limit']])(
    'refuses ?%s by name', async (query, field) => {
      const answer = await acme.owner.client.get(`/api/audit?${query}`)
      expect(answer.status).toBe(400)
      expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ field }] })
    })
})
