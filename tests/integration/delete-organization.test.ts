/** The end of an organization: every grant ended, everything gone, its receipts handed out, the log kept. */
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { printReceipt } from '#server/integrations/receipt'
import { removeIntegration } from '#server/integrations/remove'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { openFlow } from '#server/oauth/state'
import { publicSigningKeys } from '#server/utils/signing'
import { parseLocated } from '../../scripts/lib/located-json.ts'
import { checkReceipt } from '../../scripts/lib/receipt-check.ts'
import { signInAs } from '../support/account.ts'
import { consent } from '../support/consent.ts'
import type { Respond } from '../support/faults.ts'
import { newGate } from '../support/gate.ts'
import { holdCalls } from '../support/held-calls.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'
import { connectElsewhere } from './always-true/apart.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  // What one test connects must not rest on another one's: they are of the same account.
  await rooms.sql('delete from public.integrations')
  rooms.provider.calls.splice(0)
})
afterEach(() => rooms.provider.clearFaults())

const revocation = '/v1/oauth/revoke'
const revocations = () => rooms.provider.count({ path: revocation })
const stays = ['audit_log', 'audit_heads', 'disconnect_receipts']

/** Rows of the organization in every table that names one. */
async function rowsOf({ organizationId }: Caller): Promise<Record<string, number>> {
  const tables = await rooms.sql<{ name: string }>(`select table_name as name from information_schema.columns
    where table_schema = 'public' and column_name = 'organization_id' order by 1`)
  const counts: Record<string, number> = {}
  for (const { name } of tables) counts[name] = Number((await rooms.sql<{ n: string }>(`select count(*) as n from public.${name} where organization_id = $1`, [organizationId]))[0]?.n)
  counts.organizations = Number((await rooms.sql<{ n: string }>('select count(*) as n from public.organizations where id = $1', [organizationId]))[0]?.n)
  return counts
}

it('ends every grant, deletes everything but the log and the receipts, and hands those out', async () => {
  const [who, neighbour] = [await rooms.person(), await rooms.person()]
  const earlier = (await removeIntegration(who, await rooms.connect(who), from)).receiptId
  const ids = [await rooms.connect(who), await connectElsewhere(rooms, who)]
  await rooms.scan(who, ids[0] ?? '')
  signInAs(rooms.provider)
  await rooms.connect(neighbour)
  rooms.provider.clearFaults()
  rooms.provider.calls.splice(0)
  const [before, next] = [await rowsOf(who), await rowsOf(neighbour)]
  for (const table of ['integrations', 'integration_resources', 'assessments', 'assessment_results', 'findings', 'user_organizations']) expect(before[table], table).toBeGreaterThan(0)

  const receipts = await deleteOrganization(who, from)
  expect(revocations()).toBe(2)
  expect(receipts[0]?.id).toBe(earlier)
  expect(receipts.slice(1).map(receipt => receipt.integration.id).sort()).toEqual([...ids].sort())
  for (const receipt of receipts) {
    expect(checkReceipt(parseLocated(printReceipt(receipt)), publicSigningKeys()).faults).toEqual([])
    expect(receipt.tokens.map(token => token.outcome)).toEqual(['revoked', 'revoked'])
  }

  const after = await rowsOf(who)
  expect(Object.entries(after).filter(([table, n]) => n > 0 && !stays.includes(table))).toEqual([])
  expect(after.disconnect_receipts).toBe(3)
  expect(await rooms.sql('select action, actor_email, target_id from public.audit_log where organization_id = $1 and action = \'organization.deleted\'', [who.organizationId]))
    .toEqual([{ action: 'organization.deleted', actor_email: who.email, target_id: who.organizationId }])
  // What calls took is written a moment after they were made.
  expect({ ...await rowsOf(neighbour), rate_shares: next.rate_shares }).toEqual(next)
  // Nobody reads them any more, whoever they were.
  expect((await who.client.from('disconnect_receipts').select('id')).data).toEqual([])
})

it('goes on when the provider is away, and says so of each token', async () => {
  const who = await rooms.person()
  await rooms.connect(who)
  rooms.provider.fail({ kind: 'server_error', path: revocation })
  const [receipt] = await deleteOrganization(who, from, { sleep: () => setImmediate() })
  expect(receipt?.tokens).toMatchObject([{ outcome: 'failed', attempts: 3, reason: 'server_error' }, { outcome: 'failed', attempts: 3 }])
  expect((await rowsOf(who)).organizations).toBe(0)
})

it('gives all revocations together a bound', async () => {
  const who = await rooms.person()
  const count = 8
  for (let n = 0; n < count; n++) {
    await rooms.connect(who)
    await rooms.sql('update public.integrations set external_account_id = id::text where organization_id = $1', [who.organizationId])
  }
  // Each call takes half a minute of this clock.
  let time = 1_000_000
  const lateAnswer: Respond = (_request, pass) => {
    time += 30_000
    return pass()
  }
  rooms.provider.fail({ kind: lateAnswer, path: revocation })
  const options: EndGrantOptions = { now: () => time, sleep: () => setImmediate() }
  const receipts = await deleteOrganization(who, from, options)
  const reasons = receipts.map(receipt => receipt.tokens[0]?.reason ?? receipt.tokens[0]?.outcome)
  expect(receipts).toHaveLength(count)
  expect(reasons).toContain('out_of_time')
  expect((await rowsOf(who)).organizations).toBe(0)
})

it('takes what is connected meanwhile along', async () => {
  const who = await rooms.person()
  await rooms.connect(who)
  const gate = newGate()
  rooms.provider.fail({ kind: gate.respond, path: revocation, times: 1 })
  const ending = deleteOrganization(who, from)
  await until(() => gate.waiting() === 1, { what: 'the revocation' })
  const late = await connectElsewhere(rooms, who)
  gate.open()
  expect((await ending).map(receipt => receipt.integration.id)).toContain(late)
  expect((await rowsOf(who)).organizations).toBe(0)
})

it('is refused by the database itself to whoever is not an owner any more', async () => {
  const who = await rooms.person()
  const successor = await rooms.person()
  await rooms.sql('insert into public.user_organizations (user_id, organization_id, role) values ($1, $2, \'owner\')', [successor.userId, who.organizationId])
  await rooms.sql('update public.user_organizations set role = \'admin\' where user_id = $1', [who.userId])
  await expect(deleteOrganization(who, from)).rejects.toMatchObject({ code: 'not_found' })
  expect((await rowsOf(who)).organizations).toBe(1)
  expect((await who.client.rpc('delete_organization', { p_id: who.organizationId, p_actor: successor.userId, p_audit: {} })).error?.code).toBe('42501')
})

describe('connections that wait for a word', () => {
  const waiting = () => rooms.sql('select id from public.pending_connections')
  const entriesOf = async ({ organizationId }: Caller, action: string) => (await rooms.sql<{ detail: Record<string, unknown> }>(
    'select detail from public.audit_log where organization_id = $1 and action = $2 order by seq', [organizationId, action])).map(row => row.detail)

  /** Somebody signed in as another account, and has not answered. @returns that account */
  async function hold(who: Caller, id: string): Promise<string> {
    const slug = signInAs(rooms.provider)
    const { pendingId } = await rooms.arrive(who, id)
    rooms.provider.clearFaults()
    if (pendingId === undefined) throw new Error('It was stored')
    return slug
  }

  it('are ended as integrations are, each with a receipt of what became of its tokens', async () => {
    const who = await rooms.person()
    const account = await hold(who, await rooms.connect(who))
    rooms.provider.calls.splice(0)
    const receipts = await deleteOrganization(who, from)
    expect([revocations(), await waiting()]).toEqual([2, []])
    const receipt = receipts.find(one => one.integration.account.id === account)
    expect(receipt).toMatchObject({
      integration: { type: 'supabase', name: 'Elsewhere Ltd (never confirmed)' }, actor: { id: who.userId },
      tokens: [{ outcome: 'revoked' }, { outcome: 'revoked' }], deleted: { credentials: 2, resources: 0, assessments: 0, results: 0, findings: 0 },
    })
    for (const one of receipts) expect(checkReceipt(parseLocated(printReceipt(one)), publicSigningKeys()).faults).toEqual([])
    expect(await entriesOf(who, 'organization.deleted')).toEqual([{ receipts: 2, not_revoked: [] }])
  })

  it('are no reason to wait for a provider that is away, and what is left there is told to the owner and the log', async () => {
    const who = await rooms.person()
    const account = await hold(who, await rooms.connect(who))
    rooms.provider.fail({ kind: 'server_error', path: revocation })
    const receipts = await deleteOrganization(who, from, { sleep: () => setImmediate() })
    const receipt = receipts.find(one => one.integration.account.id === account)
    expect(receipt?.tokens).toMatchObject([{ outcome: 'failed', attempts: 3, reason: 'server_error', manual_url: expect.stringContaining('https://') as string }, { outcome: 'failed' }])
    expect(await entriesOf(who, 'connection.ended')).toMatchObject([{ account, reason: 'organization_deleted', revocation: 'failed' }])
    const [deleted] = await entriesOf(who, 'organization.deleted')
    expect([...deleted?.not_revoked as string[]].sort()).toEqual(receipts.map(one => one.id).sort())
    expect((await rowsOf(who)).organizations).toBe(0)
  })

  it('that come in the last moment are ended as well, and none vanishes with the organization', async () => {
    const who = await rooms.person()
    const id = await rooms.connect(who)
    const late = { account: '' }
    // Its own integration is removed, and what waits has been ended, when another consent comes back.
    const flow = await beginConnection(supabase, who, id)
    const calls = holdCalls(rooms.address, 'delete_organization')
    const ending = deleteOrganization(who, from)
    await until(() => calls.waiting() === 1, { what: 'the deletion' })
    late.account = await holdLate(who, flow)
    rooms.provider.calls.splice(0)
    calls.open()
    const receipts = await ending
    expect([revocations(), await waiting()]).toEqual([1, []])
    expect(receipts.map(one => one.integration.account.id)).toContain(late.account)
    expect((await rowsOf(who)).organizations).toBe(0)
  })

  /** As hold_connection leaves it: what it was to reconnect was removed between its reading and this. */
  async function holdLate(who: Caller, flow: Awaited<ReturnType<typeof beginConnection>>): Promise<string> {
    const account = signInAs(rooms.provider)
    const answer = new URL(await consent(flow.url.href, 'approve'))
    const code = answer.searchParams.get('code') ?? ''
    const connected = await finishConnection(supabase, who, { ...openFlow(flow.cookie.value), integrationId: null }, code, from)
    rooms.provider.clearFaults()
    const [row] = await rooms.sql<{ config: object }>('select config from public.integrations where id = $1', [connected.integrationId])
    await rooms.sql(`insert into public.pending_connections (id, organization_id, user_id, integration_type, external_account_id, external_account_name, config)
      values ($1, $2, $3, 'supabase', $4, 'Late', $5::text::jsonb)`, [connected.integrationId, who.organizationId, who.userId, account, JSON.stringify(row?.config)])
    await rooms.sql('delete from public.integrations where id = $1', [connected.integrationId])
    return account
  }
})
