/** A change of all data keys while readers use the credentials: no use fails. On a real PostgreSQL. */
import process from 'node:process'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { withCredential } from '#server/integrations/credentials'
import { rotateDataKeys } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { seedSealed, type SealedIntegration } from '../support/sealed-integrations.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

/** ROTATION_ROWS=10000 for the number that docs/self-hosting.md gives. */
const ROWS = Number(process.env.ROTATION_ROWS ?? 2_000)
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
    const uses = { during: 0 }
    const reader = async (first: number) => {
      for (let n = first; rotating; n += 7) {
        const one = seeded[n % seeded.length]
        if (!one) throw new Error('Nothing is seeded')
        try {
          const token = await withCredential({ integrationId: one.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
          if (token !== one.accessToken) throw new Error('Another integration\'s token')
          uses.during++
        }
        catch (error) {
          failures.push(error)
        }
      }
    }
    const readers = Array.from({ length: READERS }, (_, n) => reader(Math.floor(n * seeded.length / READERS)))
    const began = performance.now()
    const rotation = await rotateDataKeys(() => {}).finally(() => { rotating = false })
    const seconds = (performance.now() - began) / 1000
    await Promise.all(readers)

    expect(failures).toEqual([])
    expect(rotation).toEqual({ rotated: ROWS, unreadable: 0, resumed: false })
    expect(uses.during).toBeGreaterThan(READERS * 10)
    if (process.env.ROTATION_ROWS) process.stdout.write(`${ROWS} integrations in ${seconds.toFixed(1)} s, ${uses.during} uses meanwhile, none failed\n`)
    // Every value is under its organization's new key, and opens to what it was.
    expect(await rooms.sql(`select i.id from public.integrations i join public.organization_keys k using (organization_id)
      where k.retired_at is null and i.credential_key_id is distinct from k.key_id`)).toEqual([])
    forgetDataKeys()
    for (const one of seeded.filter((_, index) => index % 10 === 0)) {
      expect(await withCredential({ integrationId: one.id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)).toBe(one.accessToken)
    }
  })
})
