/** A change of all data keys while readers use the credentials and what is due is renewed: no use fails. On a real PostgreSQL. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { withCredential } from '#server/integrations/credentials'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { rotateDataKeys } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { install, seedConnections } from '../support/connections.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { seedSealed, type SealedIntegration } from '../support/sealed-integrations.ts'
import { mirror } from '../support/test-connectors.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const ROWS = 10_000
/** Of another provider, and due. */
const DUE = 600
const ORGANIZATIONS = 50
const READERS = 8
const REFRESHERS = 2

describe.skipIf(inject('databaseMode') === 'embedded')('changing all data keys', () => {
  let rooms: Rooms
  let provider: RotatingProvider
  let seeded: SealedIntegration[]
  let due: string[]
  beforeAll(async () => {
    rooms = await openRooms()
    provider = await startRotatingProvider()
    install(mirror, provider)
    seeded = await seedSealed(rooms.sql, ORGANIZATIONS, ROWS / ORGANIZATIONS)
    due = await seedConnections(rooms.sql, mirror, provider, DUE, 60, { organizations: ORGANIZATIONS })
  })
  afterAll(async () => {
    useConnectors(null)
    await provider?.close()
    await rooms?.close()
  })

  const use = (integrationId: string) => withCredential({ integrationId, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)

  it(`fails none of the uses that ${READERS} readers make of ${ROWS} integrations meanwhile, and none of ${DUE} renewals`, async () => {
    let rotating = true
    const failures: unknown[] = []
    let uses = 0
    const reader = async (first: number) => {
      for (let n = first; rotating; n += 7) {
        const one = seeded[n % seeded.length]
        if (!one) throw new Error('Nothing is seeded')
        try {
          if ((await use(one.id)).accessToken !== one.accessToken) throw new Error('Another integration\'s token')
          uses++
        }
        catch (error) {
          failures.push(error)
        }
      }
    }
    const runs: RefreshRun[] = []
    const refresher = async () => {
      while (rotating) runs.push(await refreshDue(new AbortController().signal))
    }
    const others = [...Array.from({ length: READERS }, (_, n) => reader(Math.floor(n * seeded.length / READERS))), ...Array.from({ length: REFRESHERS }, refresher)]
    const rotation = await rotateDataKeys(() => {}).finally(() => { rotating = false })
    await Promise.all(others)
    // What was passed by because the rotation had it locked.
    runs.push(await refreshDue(new AbortController().signal))

    expect(failures).toEqual([])
    const sum = (what: keyof RefreshRun) => runs.reduce((total, run) => total + run[what], 0)
    expect([sum('refreshed'), sum('failed'), sum('postponed'), provider.tokenCalls.length, provider.reused()]).toEqual([DUE, 0, 0, DUE, 0])
    // A renewal may have put a row under the new key before its turn, or under the old one after it.
    expect(rotation).toMatchObject({ unreadable: 0, resumed: false })
    expect(rotation.rotated).toBeGreaterThanOrEqual(ROWS)
    expect(uses).toBeGreaterThan(READERS * 10)
    forgetDataKeys()
    for (const one of seeded.filter((_, index) => index % 10 === 0)) expect((await use(one.id)).accessToken).toBe(one.accessToken)
    for (const id of due.filter((_, index) => index % 10 === 0)) {
      const { accessToken, refreshToken } = await use(id)
      expect(provider.current(refreshToken ?? '')).toEqual({ accessToken, refreshToken })
    }
    // Every value that nobody renewed is under its organization's new key.
    expect(await rooms.sql(`select i.id from public.integrations i join public.organization_keys k using (organization_id)
      where k.retired_at is null and i.credential_key_id is distinct from k.key_id and i.integration_type <> 'mirror'`)).toEqual([])
  })
})
