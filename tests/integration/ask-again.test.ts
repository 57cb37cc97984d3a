/** Postgres may end a call in favour of another one. Whoever asked it asks again, and nobody notices. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Caller } from '#server/database/caller'
import { useSupabase } from '#server/database/clients'
import { accept } from '#server/integrations/accept'
import { confirmConnection } from '#server/integrations/confirm'
import { deleteOrganization } from '#server/integrations/delete-organization'
import { applyDeliveries } from '#server/integrations/deliveries'
import { removeIntegration } from '#server/integrations/remove'
import { scanDue } from '#server/scanner/due'
import { Lease } from '#server/scanner/lease'
import { signInAs } from '../support/account.ts'
import { endCalls } from '../support/held-calls.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
let who: Caller
let id: string
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  who = await rooms.person()
  id = await rooms.connect(who)
})
afterEach(() => {
  rooms.provider.clearFaults()
  useSupabase(rooms.address)
})

/** Signs in as another account, which waits to be confirmed. */
async function arriveElsewhere(): Promise<string> {
  signInAs(rooms.provider, `elsewhere-${randomUUID().slice(0, 8)}`)
  const { pendingId } = await rooms.arrive(who, id)
  if (pendingId === undefined) throw new Error('It was stored')
  return pendingId
}

/** As a worker has it that runs the assessment. */
async function lease(): Promise<Lease> {
  const [claimed] = await rooms.sql<{ id: string }>(`update public.assessments set status = 'running', lease_owner = 'w', lease_until = clock_timestamp() + interval '1 h'
    where integration_id = $1 and status = 'queued' returning id`, [id])
  return new Lease({
    id: claimed?.id ?? '', integration_id: id, organization_id: who.organizationId, resource_cursor: null, listed: false, progress_done: 0, progress_total: 0, pause_left: 60,
  }, 'w', new AbortController().signal)
}

const entry = { actor_type: 'worker', action: 'scan.failed' }

/** By the function that clashes: what calls it. */
const deeds: Record<string, () => Promise<unknown>> = {
  store_connection: () => rooms.connect(who, id),
  hold_connection: arriveElsewhere,
  accept_deliveries: () => accept({ provider: 'supabase', sandbox: false, delivery_id: randomUUID(), events: [] }),
  apply_deliveries: () => applyDeliveries('supabase', false),
  claim_webhook_scans: () => applyDeliveries('supabase', false),
  claim_due_integrations: () => scanDue(new Date(Date.now() + 25 * 3600 * 1000)),
  remove_integration: () => removeIntegration(who, id, from),
  delete_organization: () => deleteOrganization(who, from),
}

describe('is asked again', () => {
  it.each(Object.entries(deeds))('%s', async (name, deed) => {
    const ended = endCalls(rooms.address, name, 3)
    await deed()
    expect(ended()).toBe(3)
  })

  it('store_pending_connection', async () => {
    const pending = await arriveElsewhere()
    const ended = endCalls(rooms.address, 'store_pending_connection', 3)
    expect(await confirmConnection(who, pending, from)).not.toBe(id)
    expect(ended()).toBe(3)
  })

  it.each<[string, (held: Lease) => Promise<unknown>]>([
    ['pause_assessment', held => held.pause(60)],
    ['fail_assessment', held => held.fail({ code: 'x', message: 'x' }, entry)],
    ['note_assessment', held => held.note({ code: 'x', message: 'x' }).then(() => true)],
    ['release_assessment', held => held.release().then(() => true)],
  ])('%s', async (name, end) => {
    const held = await lease()
    const ended = endCalls(rooms.address, name, 3)
    expect(await end(held)).toBe(true)
    expect(ended()).toBe(3)
    held.stop()
  })
})
