/** Changing keys under stored credentials: what changes, what stays, and what may happen in the middle of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Caller } from '#server/database/caller'
import { confirmConnection } from '#server/integrations/confirm'
import { withCredential } from '#server/integrations/credentials'
import { pruneJournal, pruneKeys } from '#server/integrations/retention'
import { rotateDataKeys, rotateKek } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { currentKeyId, EncryptionError, useEncryptionKeys } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { signInAs } from '../support/account.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { newGate } from '../support/gate.ts'
import { holdCalls } from '../support/held-calls.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { seedSealed, type SealedIntegration } from '../support/sealed-integrations.ts'
import { until } from '../support/until.ts'

const worker = { type: 'worker', id: null, email: null } as const
const quiet = () => {}
let rooms: Rooms
let kek: string
let who: Caller
let id: string

beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  kek = newEncryptionKey()
  useEncryptionKeys({ current: kek })
  forgetDataKeys()
  await rooms.sql('delete from public.organizations')
  await rooms.sql('delete from public.key_rotations')
  who = await rooms.person()
  id = await rooms.connect(who)
  rooms.provider.clearFaults()
})

const use = (integrationId = id) => withCredential({ integrationId, purpose: 'scan', actor: worker }, async secrets => secrets)
const keysOf = (organizationId = who.organizationId) => rooms.sql<{ key_id: string, wrapped: string, kek_id: string, retired: boolean }>(
  'select key_id, wrapped, kek_id, retired_at is not null as retired from public.organization_keys where organization_id = $1 order by created_at', [organizationId])
const rowOf = async (integrationId = id) => {
  const [row] = await rooms.sql<{ config: Record<string, string>, version: unknown, status: string, last_error: unknown }>('select config, version, status, last_error from public.integrations where id = $1', [integrationId])
  if (!row) throw new Error('The integration is gone')
  return row
}
/** Of the keys in the row's values. */
const keyIdsIn = ({ config }: { config: Record<string, string> }) => ['access_token', 'refresh_token'].map(field => config[field]?.slice(0, 8))
const codeOf = (attempt: Promise<unknown>) => attempt.then(() => 'opened', (error: unknown) => error instanceof EncryptionError ? error.code : error)
const opens = (seeded: SealedIntegration[]) => Promise.all(seeded.map(async one => expect((await use(one.id)).accessToken).toBe(one.accessToken)))
const expireSoon = () => rooms.sql('update public.integrations set config = jsonb_set(config, \'{expires_at}\', to_jsonb($2::text)) where id = $1', [id, new Date(Date.now() + 60_000).toISOString()])

describe('the key-encryption key', () => {
  it('changes with the wraps alone: values stay, and the old key is needed no more', async () => {
    const [before, tokens, [wrap]] = [await rowOf(), await use(), await keysOf()]
    const next = newEncryptionKey()
    useEncryptionKeys({ current: next, previous: [kek] })
    forgetDataKeys()
    expect(await rotateKek(quiet)).toEqual({ wrapped: 1, unreadable: 0 })
    expect(await rotateKek(quiet)).toEqual({ wrapped: 0, unreadable: 0 })
    useEncryptionKeys({ current: next })
    forgetDataKeys()
    expect(await use()).toEqual(tokens)
    expect(await rowOf()).toEqual(before)
    const [after] = await keysOf()
    expect(after).toMatchObject({ key_id: wrap?.key_id, kek_id: currentKeyId() })
    expect(after?.wrapped).not.toBe(wrap?.wrapped)
  })

  it('leaves a wrap that nothing opens, says so, and changes all others', async () => {
    const seeded = await seedSealed(rooms.sql, 3, 1)
    await rooms.sql('update public.organization_keys set wrapped = (select wrapped from public.organization_keys where organization_id = $2) where organization_id = $1', [who.organizationId, seeded[0]?.organizationId])
    useEncryptionKeys({ current: newEncryptionKey(), previous: [kek] })
    forgetDataKeys()
    expect(await rotateKek(quiet)).toEqual({ wrapped: 3, unreadable: 1 })
    await opens(seeded)
    expect(await codeOf(use())).toBe('value_rejected')
  })
})

describe('data keys', () => {
  it('change with all values, which open as before in the same version; the old key stays for a day', async () => {
    const seeded = await seedSealed(rooms.sql, 3, 4)
    const [before, tokens] = [await rowOf(), await use()]
    expect(await rotateDataKeys(quiet)).toEqual({ rotated: 13, unreadable: 0, resumed: false })
    const [old, fresh, ...more] = await keysOf()
    expect([old?.retired, fresh?.retired, more]).toEqual([true, false, []])
    const after = await rowOf()
    expect(keyIdsIn(after)).toEqual([fresh?.key_id, fresh?.key_id])
    expect({ ...after, config: null }).toEqual({ ...before, config: null })
    expect(after.config.access_token).not.toBe(before.config.access_token)
    forgetDataKeys()
    expect(await use()).toEqual(tokens)
    await opens(seeded)
  })

  it('take over what ENCRYPTION_KEY itself encrypted before there were data keys, named in the value or not', async () => {
    const seeded = await seedSealed(rooms.sql, 2, 2, { direct: true })
    await rooms.sql('update public.integrations set config = config || jsonb_build_object(\'access_token\', substr(config ->> \'access_token\', 10)) where id = $1', [seeded[0]?.id])
    await opens(seeded)
    expect(await rotateDataKeys(quiet)).toMatchObject({ rotated: 5, unreadable: 0 })
    for (const { id, organizationId } of seeded) {
      const [key] = await keysOf(organizationId)
      expect(keyIdsIn(await rowOf(id))).toEqual([key?.key_id, key?.key_id])
    }
    await opens(seeded)
  })

  it('leave a row that nothing opens, and one of a provider that is gone, and change all others', async () => {
    const seeded = await seedSealed(rooms.sql, 1, 4)
    const [moved, gone, ...good] = seeded
    await rooms.sql('update public.integrations set version = 2 where id = $1', [moved?.id])
    await rooms.sql('update public.integrations set integration_type = \'gone\' where id = $1', [gone?.id])
    const before = [await rowOf(moved?.id), await rowOf(gone?.id)]
    expect(await rotateDataKeys(quiet)).toEqual({ rotated: 3, unreadable: 2, resumed: false })
    expect([await rowOf(moved?.id), await rowOf(gone?.id)]).toEqual(before)
    await opens(good)
  })

  it('change once when two change them at once', async () => {
    const seeded = await seedSealed(rooms.sql, 4, 3)
    const runs = await Promise.all([rotateDataKeys(quiet), rotateDataKeys(quiet)])
    expect(runs.map(run => run.resumed).sort()).toEqual([false, true])
    expect(runs.map(run => run.unreadable)).toEqual([0, 0])
    for (const { organizationId } of seeded) expect((await keysOf(organizationId)).map(key => key.retired)).toEqual([true, false])
    await opens(seeded)
    expect((await rooms.sql('select id from public.key_rotations where finished_at is null'))).toEqual([])
  })

  it('change under a refresh that is waiting for the provider: its answer is stored and opens', async () => {
    await expireSoon()
    const before = await rowOf()
    const gate = newGate()
    rooms.provider.fail({ kind: gate.respond, grantType: 'refresh_token' })
    const refreshed = use()
    await until(() => gate.waiting() === 1, { what: 'the refresh' })
    await rotateDataKeys(quiet)
    gate.open()
    const tokens = await refreshed
    const after = await rowOf()
    expect(Number(after.version)).toBe(Number(before.version) + 1)
    expect(after).toMatchObject({ status: 'active', last_error: null })
    forgetDataKeys()
    expect(await use()).toEqual(tokens)
    // What it encrypted with the retired key is taken along by the next change.
    await rotateDataKeys(quiet)
    expect(keyIdsIn(await rowOf())).toEqual(Array(2).fill((await keysOf()).at(-1)?.key_id))
    expect(await use()).toEqual(tokens)
  })

  it.each([['a refresh', async () => void await use()], ['a reconnect', async () => void await rooms.connect(who, id)]])(
    'never overwrite what %s stored between their reading and their writing', async (_, change) => {
      if (_ === 'a refresh') await expireSoon()
      const held = holdCalls(rooms.address, 'store_rotated_credentials')
      const rotation = rotateDataKeys(quiet)
      try {
        await until(() => held.waiting() === 1, { what: 'the change of keys' })
        await change()
      }
      finally {
        held.open()
      }
      const tokens = await use()
      expect(await rotation).toMatchObject({ unreadable: 0 })
      forgetDataKeys()
      expect(await use()).toEqual(tokens)
      expect(keyIdsIn(await rowOf())).toEqual(Array(2).fill((await keysOf()).at(-1)?.key_id))
    })
})

describe('retention', () => {
  it('forgets refreshes that ended a month ago, and drops keys that hold nothing since yesterday', async () => {
    await rooms.sql('delete from public.refresh_journal')
    for (const ended of ['31 days', '29 days']) {
      await rooms.sql(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, state, ended_at)
        values ($1, $2, 'main', 1, 'x', 'stored', now() - $3::text::interval)`, [id, who.organizationId, ended])
    }
    await rooms.sql(`insert into public.refresh_journal (integration_id, organization_id, slot, version, owner, sent_at) values ($1, $2, 'main', 1, 'x', now() - interval '60 days')`, [id, who.organizationId])
    expect(await pruneJournal()).toBe(1)
    expect(await pruneJournal()).toBe(0)
    await rotateDataKeys(quiet)
    expect(await pruneKeys()).toBe(0)
    await rooms.sql('update public.organization_keys set retired_at = retired_at - interval \'25 h\'')
    expect(await pruneKeys()).toBe(1)
    expect((await use()).accessToken).toBeTruthy()
  })

  it('leave a connection that waits for a word as it is, and its key for as long as it waits', async () => {
    signInAs(rooms.provider)
    const { pendingId = '' } = await rooms.arrive(who, id)
    await rotateDataKeys(quiet)
    await rooms.sql('update public.organization_keys set retired_at = retired_at - interval \'25 h\'')
    expect(await pruneKeys()).toBe(0)
    forgetDataKeys()
    expect((await use(await confirmConnection(who, pendingId, from))).accessToken).toBeTruthy()
    expect(await pruneKeys()).toBe(1)
  })
})

describe('an organization that is deleted', () => {
  it('takes its key along: its credentials in a backup open no more, unless the backup holds the wraps as well', async () => {
    const [config, [wrap]] = [(await rowOf()).config, await keysOf()]
    await rooms.sql('delete from public.organizations where id = $1', [who.organizationId])
    expect(await keysOf()).toEqual([])

    const version = 1
    await rooms.sql('insert into public.organizations (id, name) values ($1, \'Restored\')', [who.organizationId])
    await rooms.sql(`insert into public.integrations (id, organization_id, integration_type, name, config, version, scan_schedule, external_account_id, external_account_name, refresh_due_at)
      values ($1, $2, 'supabase', 'Restored', $3::text::jsonb, $4, '0 6 * * *', 'x', 'x', now())`, [id, who.organizationId, JSON.stringify(config), version])
    forgetDataKeys()
    expect(await codeOf(use())).toBe('key_unknown')
    // The limit that docs/self-hosting.md names.
    await rooms.sql('insert into public.organization_keys (organization_id, key_id, wrapped, kek_id) values ($1, $2, $3, $4)', [who.organizationId, wrap?.key_id, wrap?.wrapped, wrap?.kek_id])
    expect(await codeOf(use())).toBe('opened')
  })
})

describe('the number of encryptions', () => {
  const setCount = (count: number) => rooms.sql('update public.organization_keys set encryptions = $2 where organization_id = $1 and retired_at is null', [who.organizationId, count])
  const count = async () => Number((await rooms.sql('select encryptions from public.organization_keys where organization_id = $1 and retired_at is null', [who.organizationId]))[0]?.encryptions)

  it('is counted before they are made, for connecting and for refreshing', async () => {
    const connected = await count()
    expect(connected).toBeGreaterThanOrEqual(2)
    await expireSoon()
    await use()
    expect(await count()).toBeGreaterThanOrEqual(connected + 2)
  })

  it('warns from 2^31 on', async () => {
    const warn = vi.spyOn(log, 'warn')
    await setCount(2 ** 31 - 1)
    await rooms.connect(who, id)
    expect(warn.mock.calls.map(call => call[0])).toContainEqual(expect.stringContaining('npm run keys:rotate -- --data-keys'))
  })

  it('refuses at 2^32 and names the command, which mends it', async () => {
    await setCount(2 ** 32)
    await expireSoon()
    const before = await rowOf()
    rooms.provider.calls.splice(0)
    const error = await use().then(() => null, (thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'key_exhausted', message: expect.stringContaining('npm run keys:rotate -- --data-keys') as string })
    expect(await codeOf(rooms.connect(who, id))).toBe('key_exhausted')
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'failed', error: { code: 'key_exhausted' } })
    expect(await rowOf()).toEqual(before)
    expect(rooms.provider.count({ grantType: 'refresh_token' })).toBe(0)
    await rotateDataKeys(quiet)
    expect((await use()).accessToken).toBeTruthy()
    expect(rooms.provider.count({ grantType: 'refresh_token' })).toBe(1)
    expect(await count()).toBeLessThan(100)
  })
})
