/** A change of all data keys while readers use the credentials: no use fails. On a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { withCredential } from '#server/integrations/credentials'
import { rotateDataKeys } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { seedSealed, type SealedIntegration } from '../support/sealed-integrations.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const ROWS = 10_000
const ORGANIZATIONS = 50
const READERS = 8

describe.skipIf(inject('databaseMode') === 'embedded')('changing all data keys', () => {
  let rooms: Rooms
  let seeded: SealedIntegration[]
  beforeAll(async () => {
    rooms = await openRooms()
    seeded = await seedSealed(rooms.sql, ORGANIZATIONS, ROWS / ORGANIZATIONS)
  })
  afterAll(() => rooms?.close())

  it(`fails none of the uses that ${READERS} readers make of ${ROWS} integrations meanwhile`, async () => {
    let rotating = true
    const failures: unknown[] = []
    let uses = 0
    const reader = async (first: number) => {
      for (let n = first; rotating; n += 7) {
        const one = seeded[n % seeded.length]
        if (!one) throw new Error('Nothing is seeded')
        try {
          const token = await withCredential({ integrationId: one.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
          if (token !== one.accessToken) throw new Error('Another integration\'s token')
          uses++
        }
        catch (error) {
          failures.push(error)
        }
      }
    }
    const readers = Array.from({ length: READERS }, (_, n) => reader(Math.floor(n * seeded.length / READERS)))
    const rotation = await rotateDataKeys(() => {}).finally(() => { rotating = false })
    await Promise.all(readers)

    expect(failures).toEqual([])
    expect(rotation).toEqual({ rotated: ROWS, unreadable: 0, resumed: false })
    expect(uses).toBeGreaterThan(READERS * 10)
    // Every value is under its organization's new key, and opens to what it was.
    expect(await rooms.sql(`select i.id from public.integrations i join public.organization_keys k using (organization_id)
      where k.retired_at is null and i.credential_key_id is distinct from k.key_id`)).toEqual([])
    forgetDataKeys()
    for (const one of seeded.filter((_, index) => index % 10 === 0)) {
      expect(await withCredential({ integrationId: one.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)).toBe(one.accessToken)
    }
  })
})
