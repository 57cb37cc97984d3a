/**
 * Many transactions that lock rows of several organizations at once, on a real PostgreSQL: none is ended for another's sake,
 * every function keeps to the one order, and every encryption is counted before it is made.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { refreshDue, type RefreshRun } from '#server/integrations/refresh-due'
import { rotateDataKeys, rotateKek } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { useEncryptionKeys } from '#server/utils/encryption'
import { newEncryptionKey } from '../support/backend.ts'
import { install, seedConnections } from '../support/connections.ts'
import { openDatabase, service, type Row, type TestDatabase } from '../support/database.ts'
import { ciphertext, newIntegration, newKey, newKeyId, newOrganization } from '../support/organizations.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'
import { clashes } from './lock-order/clashes.ts'
import { order } from './lock-order/order.ts'
import { newScene, type Scene } from './lock-order/scene.ts'

const ORGANIZATIONS = 20
const EACH = 30
const shuffled = <T>(values: readonly T[]): T[] => values.map(value => [Math.random(), value] as const).sort(([a], [b]) => a - b).map(([, value]) => value)
const deadlocks = async (run: (sql: string) => Promise<Row[]>) => Number((await run('select deadlocks from pg_stat_database where datname = current_database()'))[0]?.deadlocks)

describe('functions of the database, side by side', () => {
  let db: TestDatabase
  const organizations: string[] = []
  beforeAll(async () => {
    db = await openDatabase()
    for (let n = 0; n < ORGANIZATIONS; n++) {
      const { id } = await newOrganization(db.run)
      organizations.push(id)
      await newKey(db.run, id)
      for (let m = 0; m < EACH; m++) await newIntegration(db.run, id)
    }
  })
  afterAll(() => db?.close())

  const call = (sql: string, values: unknown[] = []) => db.as(service, async run => (await run(sql, values)).rows)
  const json = (value: unknown) => JSON.stringify(value)
  const keys = () => db.run('select organization_id, key_id, wrapped from public.organization_keys where retired_at is null').then(({ rows }) => shuffled(rows))

  /** Leases until nothing is due: what another has locked for a moment is passed by. @returns the integrations' ids */
  async function leaseAll(owner: string): Promise<unknown[]> {
    const leased: unknown[] = []
    while ((await db.run('select id from public.integrations where refresh_due_at <= now() and refresh_lease_until is null limit 1')).count > 0) {
      const rows = await call(`select one from public.lease_due_refreshes($1, 16, 90, '{supabase}', '{0}', now()) one`, [owner])
      leased.push(...rows.map(({ one }) => (one as { row: Row }).row.id))
    }
    return leased
  }
  /** Everything that the others do meanwhile. @returns encryptions that were counted for a rotation */
  async function rotate(done: () => boolean): Promise<number> {
    let counted = 0
    while (!done()) {
      const rows = await call('select id, version, config, reserved from public.credentials_to_rotate(null, 200)')
      counted += 2 * rows.filter(row => row.reserved).length
      await call('select public.store_rotated_credentials($1::text::jsonb)', [json(shuffled(rows).map(({ id, version }) => ({ id, version, config: {} })))])
    }
    return counted
  }
  async function rewrap(done: () => boolean): Promise<void> {
    while (!done()) {
      const items = (await keys()).map(({ organization_id, key_id, wrapped }) => ({ organization_id, key_id, seen: wrapped, wrapped: ciphertext() }))
      await call(`select public.store_wraps($1::text::jsonb, 'ffffffff')`, [json(items)])
      await call('select public.drop_empty_keys()')
    }
  }
  async function rekey(done: () => boolean): Promise<void> {
    while (!done()) {
      const items = (await keys()).map(({ organization_id, key_id }) => ({ organization_id, key_id: newKeyId(), wrapped: ciphertext(), kek_id: 'ffffffff', replaces: key_id }))
      await call('select public.add_organization_keys($1::text::jsonb)', [json(items)])
    }
  }

  it('never wait for each other, lease each integration once, and count each encryption', { timeout: 120_000 }, async () => {
    let expected = 0
    for (let round = 0; round < 6; round++) {
      await db.run(`update public.integrations set refresh_due_at = now() - interval '1 min', refresh_lease_until = null`)
      let leasing = true
      const done = () => !leasing
      const [leased, [counted]] = await Promise.all([
        Promise.all(['a', 'b', 'c'].map(leaseAll)).then(all => all.flat()).finally(() => { leasing = false }),
        Promise.all([rotate(done), rewrap(done), rekey(done)]),
      ])
      expect([leased.length, new Set(leased).size]).toEqual([ORGANIZATIONS * EACH, ORGANIZATIONS * EACH])
      expected += 3 * leased.length + counted
    }
    expect(await deadlocks(async sql => (await db.run(sql)).rows)).toBe(0)
    const { rows: [sum] } = await db.run('select sum(encryptions)::text as made from public.organization_keys')
    expect(Number(sum?.made)).toBe(expected)
  })

  it('end with the organization whose rows they want, and the others stay as they are', { timeout: 60_000 }, async () => {
    const before = await deadlocks(async sql => (await db.run(sql)).rows)
    await db.run('delete from public.integrations where organization_id = any ($1)', [organizations.slice(0, 10)])
    const owner = async (id: string) => (await db.run(`select user_id from public.user_organizations where organization_id = $1 and role = 'owner'`, [id])).rows[0]?.user_id
    let deleting = true
    const done = () => !deleting
    const others = [rewrap(done), rekey(done), rotate(done)]
    const deleted = await Promise.all(organizations.slice(0, 10).map(async id => (await call('select public.delete_organization($1, $2, $3::text::jsonb) as outcome', [id, await owner(id), JSON.stringify({ actor_type: 'system', action: 'organization.deleted' })]))[0]?.outcome))
      .finally(() => { deleting = false })
    await Promise.allSettled(others)
    expect(deleted).toEqual(Array(10).fill('deleted'))
    expect(await deadlocks(async sql => (await db.run(sql)).rows)).toBe(before)
  })
})

describe('functions of the database, two at a time', () => {
  let db: TestDatabase
  let scene: Scene
  beforeAll(async () => {
    db = await openDatabase()
    scene = await newScene(db)
  })
  afterAll(() => db?.close())

  describe('the order of locks', () => order(() => ({ db, scene })))
  describe('on rows that somebody else has', () => clashes(() => ({ db, scene })))
})

describe('the engine and both changes of keys, side by side', () => {
  let rooms: Rooms
  let provider: RotatingProvider
  let ids: string[]
  const kek = newEncryptionKey()
  beforeAll(async () => {
    rooms = await openRooms()
    provider = await startRotatingProvider()
    install(mirror, provider)
    useEncryptionKeys({ current: kek })
    ids = await seedConnections(rooms.sql, mirror, provider, ORGANIZATIONS * EACH, 60, { organizations: ORGANIZATIONS })
  })
  afterAll(async () => {
    useConnectors(null)
    await provider?.close()
    await rooms?.close()
  })

  it('refresh each once, rotate all, fail nowhere, and count at least what they encrypt', { timeout: 180_000 }, async () => {
    useEncryptionKeys({ current: newEncryptionKey(), previous: [kek] })
    forgetDataKeys()
    provider.latencyMs = 20
    let refreshing = true
    const rotated: number[] = []
    const rotations = (async () => {
      do rotated.push((await rotateDataKeys(() => {})).rotated, (await rotateKek(() => {})).unreadable)
      while (refreshing)
    })()
    const runs: RefreshRun[] = []
    const worker = async () => {
      // What another has locked for a moment is passed by, and is a later run's.
      do runs.push(await refreshDue(new AbortController().signal))
      while ((await rooms.sql('select id from public.integrations where version = 1')).length > 0)
    }
    await Promise.all(Array.from({ length: 4 }, worker)).finally(() => { refreshing = false })
    await rotations
    const sum = (what: keyof RefreshRun) => runs.reduce((total, run) => total + run[what], 0)
    expect([sum('refreshed'), sum('failed'), sum('postponed'), sum('probed')]).toEqual([ids.length, 0, 0, 0])
    expect([provider.tokenCalls.length, provider.reused()]).toEqual([ids.length, 0])
    expect(await rooms.sql(`select id from public.integrations where version <> 2 or status <> 'active' or last_error is not null`)).toEqual([])
    expect(await rooms.sql(`select state from public.refresh_journal where state <> 'stored'`)).toEqual([])
    expect(await deadlocks(rooms.sql)).toBe(0)
    const [made] = await rooms.sql<{ counted: string }>('select sum(encryptions)::text as counted from public.organization_keys')
    // Two tokens each: when it was seeded, when it was refreshed, and at each rotation.
    const rotatedRows = rotated.filter((_, index) => index % 2 === 0).reduce((total, rows) => total + rows, 0)
    expect(Number(made?.counted)).toBeGreaterThanOrEqual(2 * (2 * ids.length + rotatedRows))
    forgetDataKeys()
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 0, failed: 0 })
  })
})
