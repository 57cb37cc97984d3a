/** The end of an organization: every grant ended, everything gone, its receipts handed out, the log kept. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { printReceipt } from '#server/integrations/receipt'
import { removeIntegration } from '#server/integrations/remove'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { publicSigningKeys } from '#server/utils/signing'
import { parseLocated } from '../../scripts/lib/located-json.ts'
import { checkReceipt } from '../../scripts/lib/receipt-check.ts'
import { signInAs } from '../support/account.ts'
import type { Respond } from '../support/faults.ts'
import { newGate } from '../support/gate.ts'
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
  expect(await rowsOf(neighbour)).toEqual(next)
  // Nobody reads them any more, whoever they were.
  expect((await who.client.from('disconnect_receipts').select('id')).data).toEqual([])
})

it('goes on when the provider is away, and says so of each token', async () => {
  const who = await rooms.person()
  await rooms.connect(who)
  rooms.provider.fail({ kind: 'server_error', path: revocation })
  const [receipt] = await deleteOrganization(who, from, { sleep: async () => undefined })
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
  const options: EndGrantOptions = { now: () => time, sleep: async () => undefined }
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
