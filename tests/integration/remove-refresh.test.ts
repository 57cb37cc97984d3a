/** Removing while a refresh is under way: what is revoked is the newest pair, and nothing is claimed of what is not known. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { withCredential } from '#server/integrations/credentials'
import { getReceipt } from '#server/integrations/receipts'
import { removeIntegration } from '#server/integrations/remove'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { signInAs } from '../support/account.ts'
import { newGate } from '../support/gate.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'
import { watchCalls } from '../support/watched-calls.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(() => { rooms.provider.calls.splice(0) })
afterEach(() => rooms.provider.clearFaults())

const revocation = '/v1/oauth/revoke'
const worker = { type: 'worker', id: null, email: null } as const

/** Of an account of its own, with a credential that has to be renewed before it is used. */
async function expired() {
  const who = await rooms.person()
  signInAs(rooms.provider)
  const id = await rooms.connect(who)
  await rooms.sql(`update public.integrations set config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = $1`, [id])
  rooms.provider.calls.splice(0)
  return { who, id, use: () => withCredential({ integrationId: id, purpose: 'scan', actor: worker }, async secrets => secrets.accessToken) }
}

const refreshes = () => rooms.provider.count({ grantType: 'refresh_token' })
const revoked = () => rooms.provider.calls.filter(call => call.path === revocation).map(call => (JSON.parse(call.body) as { refresh_token: string }).refresh_token)
const leaseOf = async (id: string) => (await rooms.sql<{ owner: string | null }>('select refresh_lease_owner as owner from public.integrations where id = $1', [id]))[0]

it('waits for a refresh that is under way, and revokes what it brings', async () => {
  const { who, id, use } = await expired()
  const answered = Promise.withResolvers<null>()
  const brought: { refresh_token: string, access_token: string }[] = []
  // Rotated at once; the answer is what takes its time.
  rooms.provider.fail({ grantType: 'refresh_token', path: '/v1/oauth/token', kind: async (_request, pass) => {
    const answer = await pass()
    brought.push(await answer.clone().json())
    await answered.promise
    return answer
  } })
  const using = use()
  using.catch(() => {}) // The row may be gone before it is handed out.
  await until(() => brought.length === 1, { what: 'the refresh' })

  const calls = watchCalls(rooms.address)
  const removing = removeIntegration(who, id, from)
  await until(() => calls.count('begin_removal') > 2, { what: 'the removal to wait' })
  expect(revoked()).toEqual([])
  answered.resolve(null)
  const { receiptId, revocation } = await removing
  calls.stop()
  expect([revocation, revoked()]).toEqual(['revoked', [brought[0]?.refresh_token]])
  expect((await getReceipt(who, receiptId)).tokens.map(token => token.outcome)).toEqual(['revoked', 'revoked'])
  const read = await fetch(`${rooms.provider.url}/v1/projects`, { headers: { authorization: `Bearer ${brought[0]?.access_token}` } })
  expect(read.status).toBe(401)
  await using.catch(() => {})
})

it('lets no refresh begin meanwhile', async () => {
  const { who, id, use } = await expired()
  const gate = newGate()
  rooms.provider.fail({ kind: gate.respond, path: revocation, times: 1 })
  const removing = removeIntegration(who, id, from)
  await until(() => gate.waiting() === 1, { what: 'the revocation' })
  const calls = watchCalls(rooms.address)
  const using = use()
  using.catch(() => {}) // Awaited below.
  await until(() => calls.count('begin_refresh') > 2, { what: 'the use to wait' })
  expect(refreshes()).toBe(0)
  gate.open()
  expect(await removing).toMatchObject({ revocation: 'revoked' })
  await expect(using).rejects.toMatchObject({ code: 'not_found' })
  calls.stop()
  expect(refreshes()).toBe(0)
})

it('does not wait for ever: what a refresh that hangs may bring is not called revoked', async () => {
  const { who, id } = await expired()
  await rooms.sql(`update public.integrations set refresh_lease_owner = 'hangs', refresh_lease_until = now() + interval '1 hour' where id = $1`, [id])
  let time = 1_000_000
  const options: EndGrantOptions = { now: () => time, sleep: async (milliseconds) => { time += milliseconds * 50 } }
  const { receiptId, revocation, manualUrl } = await removeIntegration(who, id, from, options)
  expect([revocation, manualUrl]).toEqual(['failed', 'https://supabase.com/dashboard/org/_/apps'])
  // What there is was revoked all the same.
  expect(revoked()).toHaveLength(1)
  const { tokens } = await getReceipt(who, receiptId)
  for (const token of tokens) expect(token).toMatchObject({ outcome: 'failed', attempts: 1, reason: 'refresh_running', manual_url: manualUrl })
  expect(await leaseOf(id)).toBeUndefined()
})

it('takes what a refresh stored in the end, though it hung for long', async () => {
  const { who, id } = await expired()
  await rooms.sql(`update public.integrations set refresh_lease_owner = 'hangs', refresh_lease_until = now() + interval '1 hour' where id = $1`, [id])
  let time = 1_000_000
  const gate = newGate()
  rooms.provider.fail({ kind: gate.respond, path: revocation, times: 1 })
  const removing = removeIntegration(who, id, from, { now: () => time, sleep: async (milliseconds) => { time += milliseconds * 50 } })
  await until(() => gate.waiting() === 1, { what: 'the revocation of what there is' })
  // As finish_refresh leaves it. Another version does not open, so that its end can only be told truthfully.
  await rooms.sql('update public.integrations set version = version + 1, refresh_lease_owner = null, refresh_lease_until = null where id = $1', [id])
  gate.open()
  const { receiptId } = await removing
  expect((await getReceipt(who, receiptId)).tokens[0]).toMatchObject({ outcome: 'failed', reason: 'credential_unreadable' })
})

it('gives the lease back when it fails in the middle', async () => {
  const { who, id } = await expired()
  await rooms.sql(`create function private.refuse_receipt() returns trigger language plpgsql set search_path = '' as $$ begin raise exception 'no receipt'; end $$`)
  await rooms.sql('create trigger refuse_receipt before insert on public.disconnect_receipts for each row execute function private.refuse_receipt()')
  try {
    await expect(removeIntegration(who, id, from)).rejects.toMatchObject({ name: 'AppError' })
    expect(await leaseOf(id)).toEqual({ owner: null })
  }
  finally {
    await rooms.sql('drop trigger refuse_receipt on public.disconnect_receipts')
  }
  expect(await removeIntegration(who, id, from)).toMatchObject({ revocation: 'already_gone' })
})

it('is nothing for whoever does not administer it: no lease, no call', async () => {
  const { who, id } = await expired()
  const member = await rooms.person()
  await rooms.sql(`insert into public.user_organizations (user_id, organization_id, role) values ($1, $2, 'member')`, [member.userId, who.organizationId])
  await expect(removeIntegration({ ...member, organizationId: who.organizationId }, id, from)).rejects.toMatchObject({ code: 'not_found' })
  expect([revoked(), await leaseOf(id)]).toEqual([[], { owner: null }])
})
