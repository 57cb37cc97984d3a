/** What providers tell us: taken over HTTP once, and applied to the integrations that it is about, and to no others. */
import { randomBytes, randomUUID } from 'node:crypto'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { useSandbox } from '#server/integrations/client'
import { changeIntegration } from '#server/integrations/change'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { withApi } from '#server/integrations/credentials'
import { applyDeliveries, queueDeliveries, queueWebhookScans } from '#server/integrations/deliveries'
import { refreshDue } from '#server/integrations/refresh-due'
import { pruneDeliveries } from '#server/integrations/retention'
import { getIntegration } from '#server/integrations/view'
import { openFlow } from '#server/oauth/state'
import { work } from '#server/queue'
import { getAssessment } from '#server/scanner/view'
import { runAssessment } from '#server/scanner/run'
import { loadEnv } from '#server/utils/env'
import { collectMetrics } from '#server/utils/metrics'
import { ApiClient, type Answer } from '../support/client.ts'
import { install } from '../support/connections.ts'
import { delivery, receipts, signedDelivery, signingKey, type NoisyEvent } from '../support/deliveries.ts'
import { startEdge, type Edge } from '../support/edge.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { noisy } from '../support/test-connectors.ts'
import { until } from '../support/until.ts'

let rooms: Rooms
let provider: RotatingProvider
let edge: Edge
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider({ main: 3600 })
  install(noisy, { env: id => ({ ...provider.env(id), NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: signingKey }) })
  edge = await startEdge()
})
afterAll(async () => {
  useConnectors(null)
  await edge?.close()
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  await rooms.sql('delete from public.webhook_receipts')
})

type Body = { outcome?: string, challenge?: string, code?: string, detail?: string }
const send = (what: { body: string, headers: Record<string, string> }, path = '/api/webhooks/noisy', options: { origin?: string | null } = { origin: null }): Promise<Answer<Body>> =>
  new ApiClient(edge.url).call('POST', path, { ...what, ...options })
const tell = async (events: NoisyEvent[], id?: string) => (await send(delivery(events, id))).status

/** Connected by somebody new. @returns the person and the integration's id */
async function connected(installation = '42', who?: Caller): Promise<{ who: Caller, id: string }> {
  const person = who ?? await rooms.person()
  const { cookie } = await beginConnection(noisy, person, null)
  const { integrationId } = await finishConnection(noisy, person, openFlow(cookie.value), 'any-code', from, { installation_id: installation })
  if (integrationId === undefined) throw new Error('It waits for a word')
  return { who: person, id: integrationId }
}

/** Connected and scanned, so that no scan is open. */
async function settled(installation = '42'): Promise<{ who: Caller, id: string }> {
  const one = await connected(installation)
  await rooms.scan(one.who, one.id)
  return one
}

const apply = () => applyDeliveries('noisy', false)
const account = 'acme'
const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()
const stateOf = async (id: string) => {
  const [row] = await rooms.sql<{ status: string, code: string | null, class: string | null, health_state: string }>(
    `select status, last_error ->> 'code' as code, last_error ->> 'class' as class, health_state from public.integrations where id = $1`, [id])
  return row && `${row.status} ${row.class ?? '-'} ${row.code ?? '-'} ${row.health_state}`
}
const well = 'active - - healthy'
const ended = 'error dead_grant uninstalled action_required'
const suspended = 'error passing suspended action_required'
const audited = async (id: string) => (await rooms.sql<{ action: string }>(
  `select action from public.audit_log where target_id = $1 and actor_type = 'system' and action not like 'credential.%' order by seq`, [id])).map(row => row.action)
const scans = (id: string) => rooms.sql<{ id: string, status: string }>(`select id, status from public.assessments where integration_id = $1 and trigger = 'webhook' order by created_at`, [id])

describe('a delivery is refused', () => {
  const event = { what: 'ended', account }

  it.each<[string, () => { body: string, headers: Record<string, string> }, number, string]>([
    ['without a signature', () => signedDelivery({ id: '1', events: [event] }, null), 401, 'signature_refused'],
    ['with an empty one', () => ({ ...signedDelivery({ id: '1', events: [event] }, null), headers: { 'content-type': 'application/json', 'x-noisy-signature': '' } }), 401, 'signature_refused'],
    ['signed by another key', () => signedDelivery({ id: '1', events: [event] }, randomBytes(32).toString('hex')), 401, 'signature_refused'],
    ['with a signature of another body', () => ({ ...delivery([event]), headers: signedDelivery({ id: '2', events: [] }).headers }), 401, 'signature_refused'],
    ['as another type', () => ({ ...delivery([event]), headers: { ...delivery([event]).headers, 'content-type': 'application/x-www-form-urlencoded' } }), 415, 'unsupported_media_type'],
    ['without a type', () => ({ ...delivery([event]), headers: { 'content-type': '' } }), 415, 'unsupported_media_type'],
    ['that is no JSON', () => signedDelivery('{"id": "1", "events": ['), 400, 'invalid_request'],
    ['of another shape', () => signedDelivery({ id: '1', events: 'all' }), 400, 'invalid_request'],
    ['without an id', () => signedDelivery({ id: '', events: [event] }), 400, 'invalid_request'],
    ['with an id that is too long', () => signedDelivery({ id: 'x'.repeat(201), events: [event] }), 400, 'invalid_request'],
    ['with an event that nobody knows', () => delivery([{ what: 'exploded', account }]), 400, 'invalid_request'],
    ['about nobody', () => delivery([{ what: 'ended', account: '' }]), 400, 'invalid_request'],
    ['about everybody', () => delivery([{ what: 'ended' }]), 400, 'invalid_request'],
    ['with a name that no database holds', () => delivery([{ what: 'ended', account: 'a\0b' }]), 400, 'invalid_request'],
    ['with half a pair', () => delivery([{ what: 'ended', account: 'a\uD800' }]), 400, 'invalid_request'],
  ])('%s', async (_, make, status, code) => {
    const { id } = await connected()
    const answer = await send(make())
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await receipts(rooms)).toEqual([])
    await apply()
    expect(await stateOf(id)).toBe(well)
    // What came is not told back.
    for (const word of ['exploded', 'acme', signingKey]) expect(answer.text).not.toContain(word)
  })

  it('when it is larger than a megabyte', async () => {
    const limit = 1024 * 1024
    const sized = (bytes: number) => {
      const body = JSON.stringify({ id: '1', events: [], fill: '' })
      return signedDelivery(body.replace('"fill":""', `"fill":"${'x'.repeat(bytes - body.length)}"`))
    }
    const answer = await send(sized(limit + 1))
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large'])
    expect((await send(sized(limit))).status).toBe(200)
  })

  it('from a provider that is unknown, sends nothing, or is not configured, all alike', async () => {
    const known = { ...noisy, id: 'unset' }
    useConnectors([supabase, noisy, known])
    const answers = await Promise.all(['nobody', 'supabase', 'unset', 'constructor'].map(id => send(delivery([event]), `/api/webhooks/${id}`)))
    useConnectors([supabase, noisy])
    expect(answers.map(answer => [answer.status, answer.body.code])).toEqual(answers.map(() => [404, 'not_found']))
    expect(new Set(answers.map(answer => answer.text.replace(/webhooks\/\w+/, ''))).size).toBe(1)
  })

  it('while its key is not set, which the caller is not told', async () => {
    process.env.NOISY_SIGNING_KEY = ' '
    loadEnv([supabase, noisy])
    const answer = await send(delivery([event]))
    process.env.NOISY_SIGNING_KEY = signingKey
    loadEnv([supabase, noisy])
    expect([answer.status, answer.body]).toMatchObject([503, { code: 'unavailable', detail: 'Deliveries are not taken at the moment.' }])
    expect(answer.text).not.toMatch(/key|NOISY_/)
    expect((await send(delivery([event]))).status).toBe(202)
  })
})

describe('a delivery is taken', () => {
  it('and acknowledged before anything is done', async () => {
    const { id } = await connected()
    const answer = await send(delivery([{ what: 'ended', account }], 'first'))
    expect([answer.status, answer.body]).toEqual([202, { outcome: 'accepted' }])
    expect(await receipts(rooms)).toMatchObject([{ provider: 'noisy', sandbox: false, delivery_id: 'first', processed: false }])
    expect(await stateOf(id)).toBe(well)
    await apply()
    expect(await stateOf(id)).toBe(ended)
  })

  it('once: the same again is acknowledged and does nothing', async () => {
    const { id } = await connected()
    expect((await send(delivery([{ what: 'suspended', account }], 'same'))).status).toBe(202)
    await apply()
    await rooms.sql('update public.integrations set status = \'active\', last_error = null, provider_state = null where id = $1', [id])
    const again = await Promise.all(Array.from({ length: 5 }, () => send(delivery([{ what: 'suspended', account }], 'same'))))
    expect(again.map(answer => [answer.status, answer.body])).toEqual(again.map(() => [200, { outcome: 'replayed' }]))
    await apply()
    expect(await stateOf(id)).toBe(well)
    expect(await receipts(rooms)).toHaveLength(1)
  })

  it('from wherever it is called: nobody\'s session counts for anything', async () => {
    expect((await send(delivery([{ what: 'changed', account }]), '/api/webhooks/noisy', { origin: 'https://elsewhere.example' })).status).toBe(202)
    expect((await send(delivery([{ what: 'changed', account }]), '/api/webhooks/noisy?hub=1', { origin: 'https://elsewhere.example' })).status).toBe(202)
  })

  it('with a challenge, which is sent back at once', async () => {
    const answer = await send(signedDelivery({ challenge: '3eZbrw1a' }))
    expect([answer.status, answer.body]).toEqual([200, { challenge: '3eZbrw1a' }])
    expect((await send(signedDelivery({ challenge: '3eZbrw1a' }, null))).status).toBe(401)
    expect(await receipts(rooms)).toEqual([])
  })

  it('and forgotten when it holds nothing for us', async () => {
    const answer = await send(delivery([]))
    expect([answer.status, answer.body]).toEqual([200, { outcome: 'ignored' }])
    expect(await receipts(rooms)).toEqual([])
  })

  it('and kept as the few words that the connector read out of it', async () => {
    const secret = randomBytes(24).toString('base64url')
    const body = { id: 'kept', token: secret, events: [{ what: 'changed', account, resource: 'r1', at: 'yesterday', token: secret }] }
    expect((await send(signedDelivery(body))).status).toBe(202)
    expect(await receipts(rooms)).toMatchObject([{ events: [{ what: 'changed', account_id: account, facts: {}, at: null, resource_id: 'r1' }] }])
    expect(JSON.stringify(await rooms.sql('select to_jsonb(r) as r from public.webhook_receipts r'))).not.toContain(secret)
    expect(JSON.stringify(await rooms.sql('select data from pgboss.job'))).not.toContain(secret)
  })

  it('and counted by what became of it', async () => {
    const { text } = await collectMetrics()
    for (const outcome of ['accepted', 'replayed', 'challenge', 'forged', 'unreadable', 'key_missing', 'nothing_to_do']) {
      expect(text).toMatch(new RegExp(`webhook_delivery_total{provider="noisy",outcome="${outcome}"} [1-9]`))
    }
  })

  it('and forgotten a month after it was applied', async () => {
    await tell([{ what: 'changed', account }], 'old')
    await tell([{ what: 'changed', account }], 'waiting')
    await rooms.sql(`update public.webhook_receipts set received_at = now() - interval '31 days'`)
    await rooms.sql(`update public.webhook_receipts set processed_at = now() where delivery_id = 'old'`)
    expect(await pruneDeliveries()).toBe(1)
    expect((await receipts(rooms)).map(receipt => receipt.delivery_id)).toEqual(['waiting'])
  })
})

describe('an end', () => {
  it('is of every integration of that account, in whatever organization, and of no other', async () => {
    const [ours, theirs, reinstalled, elsewhere] = [await connected(), await connected(), await connected('43'), await connected()]
    await rooms.sql('update public.integrations set external_account_id = \'elsewhere\' where id = $1', [elsewhere.id])
    const other = await rooms.connect(ours.who)
    await rooms.sql(`update public.integrations set external_account_id = 'acme', config = config || '{"facts": {"installation_id": "42"}}' where id = $1`, [other])
    const { id: played } = await connected()
    await rooms.sql('update public.integrations set sandbox = true where id = $1', [played])

    await tell([{ what: 'ended', account, installation: '42' }])
    await apply()
    expect(await Promise.all([ours, theirs, reinstalled, elsewhere].map(({ id }) => stateOf(id)))).toEqual([ended, ended, well, well])
    expect([await stateOf(other), await stateOf(played)]).toEqual([well, well])
    for (const { who, id } of [ours, theirs]) {
      expect(await audited(id)).toEqual(['integration.ended'])
      expect((await getIntegration(who, id)).health).toMatchObject({ state: 'action_required', reason: 'uninstalled', next_action: 'reconnect', sentence: 'The provider says that the app was removed there. Reconnect.' })
    }
    expect(await audited(reinstalled.id)).toEqual([])
  })

  it('of an earlier installation leaves the present one alone, by its facts or by its time', async () => {
    const { id } = await connected('43')
    await tell([{ what: 'ended', account, installation: '42' }, { what: 'ended', account, at: later(-3600) }])
    await apply()
    expect(await stateOf(id)).toBe(well)
    await tell([{ what: 'ended', account }])
    await apply()
    expect(await stateOf(id)).toBe(ended)
  })

  it('that came before the present connection was made does not end it, however late it is applied', async () => {
    const { who, id } = await connected()
    await tell([{ what: 'ended', account }, { what: 'ended', account, at: later(3600) }, { what: 'suspended', account }, { what: 'changed', account }])
    expect((await connected('42', who)).id).toBe(id)
    await apply()
    expect(await stateOf(id)).toBe(well)
    expect(await audited(id)).toEqual([])
  })

  it('leaves a pause a pause, and is over with a reconnect', async () => {
    const { who, id } = await connected()
    await rooms.sql('update public.integrations set status = \'paused\' where id = $1', [id])
    await tell([{ what: 'ended', account }])
    await apply()
    expect(await stateOf(id)).toBe('paused dead_grant uninstalled action_required')
    // Nothing that comes late brings it back.
    await tell([{ what: 'resumed', account }, { what: 'suspended', account }])
    await apply()
    expect(await stateOf(id)).toBe('paused dead_grant uninstalled action_required')

    await connected('44', who)
    expect(await stateOf(id)).toMatch(/^paused - - /)
    await tell([{ what: 'suspended', account }])
    await apply()
    expect(await stateOf(id)).toBe('paused passing suspended degraded')
  })

  it('may name no account, and is then of every grant that has its facts', async () => {
    const [ours, theirs, other] = [await connected('42'), await connected('42'), await connected('43')]
    await rooms.sql('update public.integrations set external_account_id = \'elsewhere\' where id = $1', [theirs.id])
    await tell([{ what: 'ended', installation: '42' }])
    await apply()
    expect(await Promise.all([ours, theirs, other].map(({ id }) => stateOf(id)))).toEqual([ended, ended, well])
  })

  it.each(['ended', 'suspended'])('%s stands, whatever a renewed token or some call seems to say', async (what) => {
    const { who, id } = await connected()
    await tell([{ what, account }])
    await apply()
    const said = what === 'ended' ? ended : suspended
    // The person's token outlives the app's installation: it is renewed, and some calls are answered.
    await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute',
      config = jsonb_set(jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"'), '{facts,installation_id}', '"nowhere"') where id = $1`, [id])
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
    expect(await stateOf(id)).toBe(said)
    const use = { integrationId: id, purpose: 'probe', actor: { type: 'system', id: null, email: null } } as const
    await withApi(use, new AbortController().signal, api => supabase.account(api))
    expect(await stateOf(id)).toBe(said)
    await changeIntegration(who, id, { status: 'paused' }, from)
    expect(await stateOf(id)).toMatch(/^paused /)
    await changeIntegration(who, id, { status: 'active' }, from)
    expect(await stateOf(id)).toBe(said)

    // But a scan that can list what the grant reaches has seen for itself.
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed' })
    expect(await stateOf(id)).toBe(well)
    // News from before that is no news.
    await rooms.sql(`update public.integrations set connected_at = now() - interval '1 hour' where id = $1`, [id])
    await tell([{ what, account, at: later(-60) }])
    await apply()
    expect(await stateOf(id)).toBe(well)
  })

  it('is all that is said, also when the grant turns out dead', async () => {
    const [gone, held] = [await connected('42'), await connected('43')]
    await tell([{ what: 'ended', account, installation: '42' }, { what: 'suspended', account, installation: '43' }])
    await apply()
    provider.fault = call => call.grantType === 'refresh_token' ? Response.json({ error: 'invalid_grant' }, { status: 400 }) : null
    await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute', config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"')`)
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ failed: 2 })
    provider.fault = null
    expect([await stateOf(gone.id), await stateOf(held.id)]).toEqual([ended, 'error dead_grant invalid_grant action_required'])
  })

  it('that is said twice is noted once', async () => {
    const { id } = await connected()
    for (let times = 0; times < 3; times++) await tell([{ what: 'ended', account }])
    await apply()
    expect(await audited(id)).toEqual(['integration.ended'])
  })
})

describe('a suspension', () => {
  it('lasts until the provider lifts it, and the next scan is then asked for', async () => {
    const { who, id } = await settled()
    await tell([{ what: 'suspended', account }])
    await apply()
    expect(await stateOf(id)).toBe(suspended)
    expect((await getIntegration(who, id)).health).toMatchObject({ reason: 'suspended', next_action: 'scan', sentence: expect.stringContaining('suspended at the provider') as string })
    await tell([{ what: 'resumed', account }])
    await apply()
    expect(await stateOf(id)).toBe(well)
    expect(await audited(id)).toEqual(['integration.suspended', 'integration.resumed', 'scan.requested'])
    expect(await scans(id)).toHaveLength(1)
  })

  it.each([
    ['in order', ['suspended', -20], ['resumed', -10], well],
    ['the other way round', ['resumed', -10], ['suspended', -20], well],
    ['and again', ['resumed', -20], ['suspended', -10], suspended],
  ] as const)('told %s', async (_, first, second, expected) => {
    const { id } = await connected()
    await rooms.sql(`update public.integrations set connected_at = now() - interval '1 hour' where id = $1`, [id])
    for (const [what, seconds] of [first, second]) {
      await tell([{ what, account, at: later(seconds) }])
      await apply()
    }
    expect(await stateOf(id)).toBe(expected)
  })

  it('takes effect in the order in which deliveries came, whoever applies them', async () => {
    const { id } = await connected()
    for (let round = 0; round < 6; round++) await tell([{ what: round % 2 === 0 ? 'suspended' : 'resumed', account }])
    await Promise.all(Array.from({ length: 4 }, apply))
    expect(await stateOf(id)).toBe(well)
    expect((await audited(id)).filter(action => action !== 'scan.requested')).toEqual(Array.from({ length: 3 }, () => ['integration.suspended', 'integration.resumed']).flat())
  })

  it('does not hide that the grant is dead, nor does its end', async () => {
    const { id } = await connected()
    await rooms.sql(`update public.integrations set status = 'error', last_error = '{"class": "dead_grant", "code": "invalid_grant", "message": "x", "at": "x"}' where id = $1`, [id])
    await tell([{ what: 'suspended', account }, { what: 'resumed', account }])
    await apply()
    expect(await stateOf(id)).toBe('error dead_grant invalid_grant action_required')
  })
})

describe('a change', () => {
  it('of permissions has them looked at again, by a scan', async () => {
    const { who, id } = await settled()
    await rooms.sql(`update public.integrations set config = config || '{"scopes_granted": ["projects:read"], "user_scopes_granted": ["x"]}' where id = $1`, [id])
    await tell([{ what: 'permissions', account }])
    await apply()
    const [row] = await rooms.sql('select config -> \'scopes_granted\' as main, config -> \'user_scopes_granted\' as further, config ->> \'scopes_requested\' as asked, config ->> \'access_token\' as token from public.integrations where id = $1', [id])
    expect(row).toMatchObject({ main: null, further: null, asked: expect.stringContaining('projects:read') as string, token: expect.any(String) as string })
    expect(await audited(id)).toEqual(['integration.permissions_changed', 'scan.requested'])
    const [scan] = await scans(id)
    await runAssessment(scan?.id ?? '', new AbortController().signal)
    expect(await getAssessment(who, scan?.id ?? '')).toMatchObject({ status: 'completed', trigger: 'webhook' })
  })

  it('is one scan for a whole burst, whatever changed', async () => {
    const { id } = await settled()
    const burst = Array.from({ length: 40 }, (_, index) => tell([{ what: index % 2 ? 'changed' : 'resources', account, resource: randomUUID() }]))
    expect(new Set(await Promise.all(burst))).toEqual(new Set([202]))
    await Promise.all([apply(), apply(), apply()])
    expect(await scans(id)).toMatchObject([{ status: 'queued' }])
    expect(await audited(id)).toEqual(['scan.requested'])
    expect((await receipts(rooms)).every(receipt => receipt.processed)).toBe(true)
    const jobs = await rooms.sql('select 1 from pgboss.job where name = \'scan.run\' and data ->> \'assessment_id\' = $1', [(await scans(id))[0]?.id])
    expect(jobs).toHaveLength(1)
  })

  it('during a scan is looked at by one more, five minutes after the first', async () => {
    const { id } = await settled()
    await tell([{ what: 'changed', account }])
    await apply()
    const [first] = await scans(id)
    // The scan has begun, and may have read what has changed since.
    await rooms.sql('update public.assessments set status = \'running\' where id = $1', [first?.id])
    for (let times = 0; times < 5; times++) await tell([{ what: 'changed', account }])
    await apply()
    await rooms.sql('update public.assessments set status = \'completed\' where id = $1', [first?.id])
    expect(await queueWebhookScans()).toBe(0)
    await rooms.sql(`update public.integrations set webhook_scan_due_at = webhook_scan_due_at - interval '5 minutes' where id = $1`, [id])
    expect(await queueWebhookScans()).toBe(1)
    expect(await queueWebhookScans()).toBe(0)
    expect((await scans(id)).map(scan => scan.status)).toEqual(['completed', 'queued'])
    expect(await audited(id)).toEqual(['scan.requested', 'scan.requested'])
  })

  it('waits while the integration is paused, and names the resource in the log', async () => {
    const { id } = await settled()
    await rooms.sql('update public.integrations set status = \'paused\' where id = $1', [id])
    await tell([{ what: 'changed', account, resource: 'r1' }])
    await apply()
    expect(await scans(id)).toEqual([])
    await rooms.sql('update public.integrations set status = \'active\' where id = $1', [id])
    expect(await queueWebhookScans()).toBe(1)
    const [entry] = await rooms.sql('select detail from public.audit_log where target_id = $1 and action = \'scan.requested\'', [id])
    expect(entry?.detail).toMatchObject({ event: 'changed', resource: 'r1', integration_type: 'noisy' })
  })
})

describe('the local stand-in', () => {
  it('is told from the real provider by its key, and changes nothing that was granted there', async () => {
    const standInKey = randomBytes(32).toString('hex')
    useSandbox({
      client: id => id === 'noisy' ? { clientId: 'x', clientSecret: 'x', settings: { signing_key: standInKey }, apiBase: provider.url, authBase: provider.url } : null,
      fetch: async () => new Response(),
    })
    const [real, played] = [await settled(), await settled()]
    await rooms.sql('update public.integrations set sandbox = true where id = $1', [played.id])
    const events = [{ what: 'ended', account }]
    expect((await send(signedDelivery({ id: 'one', events }, standInKey))).status).toBe(202)
    await apply()
    expect(await queueDeliveries()).toBe(1)
    await applyDeliveries('noisy', true)
    expect([await stateOf(real.id), await stateOf(played.id)]).toEqual([well, ended])
    // The same id from the other side is another delivery.
    expect((await send(signedDelivery({ id: 'one', events }))).status).toBe(202)
    useSandbox(null)
    expect((await send(signedDelivery({ id: 'two', events }, standInKey))).status).toBe(401)
  })
})

// Last: from here on this process takes the jobs itself.
it('is applied by a job of the queue, whose payload names nobody', async () => {
  const { id } = await connected()
  await rooms.sql(`delete from pgboss.job where name = 'webhook.apply'`)
  await tell([{ what: 'suspended', account }])
  const jobs = await until(async () => {
    const queued = await rooms.sql<{ data: unknown }>(`select data from pgboss.job where name = 'webhook.apply' and state = 'created'`)
    return queued.length > 0 && queued
  }, { what: 'the job' })
  expect(jobs.map(job => job.data)).toEqual([{ provider: 'noisy', sandbox: false }])
  await work('webhook.apply', ({ provider, sandbox }) => applyDeliveries(provider, sandbox))
  await until(async () => await stateOf(id) === suspended, { what: 'the job to be done' })
})
