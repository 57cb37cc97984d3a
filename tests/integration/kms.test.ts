/** AWS KMS as the key-encryption key: what it is asked, how often, and what happens while it is away. */
import process from 'node:process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { withCredential } from '#server/integrations/credentials'
import { refreshDue } from '#server/integrations/refresh-due'
import { keyCensus } from '#server/integrations/key-census'
import { rotateDataKeys, rotateKek } from '#server/integrations/rotate'
import { forgetDataKeys } from '#server/utils/data-key'
import { currentKeyId, EncryptionError } from '#server/utils/encryption'
import { loadEnv } from '#server/utils/env'
import { kmsDecrypt, kmsEncrypt } from '#server/utils/kms'
import { startKms, type Kms } from '../support/kms.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'

const worker = { type: 'worker', id: null, email: null } as const
let kms: Kms
let rooms: Rooms
let who: Caller
let id: string

beforeAll(async () => {
  kms = await startKms()
  Object.assign(process.env, kms.env)
  rooms = await openRooms()
})
afterAll(async () => {
  await rooms?.close()
  await kms?.close()
})
beforeEach(async () => {
  who = await rooms.person()
  id = await rooms.connect(who)
  await rooms.scan(who, id)
  kms.calls.splice(0)
  rooms.provider.calls.splice(0)
})
afterEach(() => {
  vi.useRealTimers()
  kms.become('good')
})

const use = (integrationId = id) => withCredential({ integrationId, purpose: 'scan', actor: worker }, async secrets => secrets)
const wrapsOf = (organizationId: string) => rooms.sql<{ key_id: string, wrapped: string, kek_id: string }>('select key_id, wrapped, kek_id from public.organization_keys where organization_id = $1', [organizationId])
const state = async () => (await rooms.sql<{ status: string, last_error: unknown, version: unknown, refresh_failures: number, refresh_lease_owner: string | null }>(
  'select status, last_error, version, refresh_failures, refresh_lease_owner from public.integrations where id = $1', [id]))[0]
const expires = (seconds: number) =>
  rooms.sql(`update public.integrations set config = jsonb_set(config, '{expires_at}', to_jsonb($2::text)), refresh_due_at = now() - interval '1 minute' where id = $1`, [id, new Date(Date.now() + seconds * 1000).toISOString()])

async function refusalOf(attempt: Promise<unknown>): Promise<EncryptionError> {
  const error = await attempt.then(() => new Error('It was not refused'), (thrown: unknown) => thrown)
  if (!(error instanceof EncryptionError)) throw error
  // What KMS and the SDK say may name accounts and hosts.
  expect(`${error.message}${error.stack}`).not.toMatch(/arn:aws|127\.0\.0\.1|AKIDEXAMPLE/)
  return error
}

describe('a credential under KMS', () => {
  it('is connected, used and renewed: the key is wrapped by KMS, bound to its organization', async () => {
    const [wrap, ...more] = await wrapsOf(who.organizationId)
    expect(more).toEqual([])
    expect(wrap).toMatchObject({ wrapped: expect.stringMatching(new RegExp(`^kms:${kms.arn}\\.[\\w+/]+=*$`)) as string, kek_id: `kms:${kms.arn}` })
    forgetDataKeys()
    const before = await use()
    expect(kms.calls).toEqual([{ operation: 'Decrypt', keyId: kms.arn, context: { key_id: wrap?.key_id, organization_id: who.organizationId } }])
    await expires(60)
    const after = await use()
    expect(after.accessToken).not.toBe(before.accessToken)
    const [{ config } = { config: {} }] = await rooms.sql<{ config: Record<string, string> }>('select config from public.integrations where id = $1', [id])
    for (const field of ['access_token', 'refresh_token']) expect(config[field]?.slice(0, 9)).toBe(`${wrap?.key_id}:`)
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed', counts: { error: 0 } })
  })

  it('asks KMS at most every five minutes for each key', async () => {
    forgetDataKeys()
    vi.useFakeTimers({ toFake: ['Date'] })
    const began = Date.now()
    await Promise.all(Array.from({ length: 20 }, () => use()))
    vi.setSystemTime(began + 5 * 60_000 - 1_000)
    await use()
    expect(kms.count('Decrypt')).toBe(1)
    vi.setSystemTime(began + 5 * 60_000 + 1_000)
    await Promise.all(Array.from({ length: 20 }, () => use()))
    expect(kms.count('Decrypt')).toBe(2)
    expect(kms.count('Encrypt')).toBe(0)
  })

  it('comes from ENCRYPTION_KEY, and goes back to it, by rewriting wraps alone', async () => {
    const before = await use()
    const wrapsUnder = async () => (await rooms.sql<{ kek_id: string }>('select distinct kek_id from public.organization_keys')).map(row => row.kek_id)
    process.env.ENCRYPTION_KMS_KEY_ID = ''
    loadEnv([supabase.id])
    try {
      expect(await rotateKek(() => {})).toMatchObject({ unreadable: 0 })
      expect(await wrapsUnder()).toEqual([currentKeyId()])
    }
    finally {
      process.env.ENCRYPTION_KMS_KEY_ID = kms.keyId
      loadEnv([supabase.id])
    }
    forgetDataKeys()
    kms.calls.splice(0)
    expect(await use()).toEqual(before)
    expect(kms.calls).toEqual([])
    await rotateKek(() => {})
    expect(await wrapsUnder()).toEqual([`kms:${kms.arn}`])
    forgetDataKeys()
    expect(await use()).toEqual(before)
    await rotateDataKeys(() => {})
    forgetDataKeys()
    expect(await use()).toEqual(before)
  })

  it('does not open with a wrap that was moved from another organization', async () => {
    const other = await rooms.person()
    await rooms.connect(other)
    const [theirs] = await wrapsOf(other.organizationId)
    await rooms.sql('update public.organization_keys set key_id = $2, wrapped = $3 where organization_id = $1', [who.organizationId, theirs?.key_id, theirs?.wrapped])
    await rooms.sql(`update public.integrations set config = (select config from public.integrations where organization_id = $2), version = 1 where id = $1`, [id, other.organizationId])
    expect(await refusalOf(use())).toMatchObject({ code: 'value_rejected' })
    expect(kms.calls.at(-1)?.context.organization_id).toBe(who.organizationId)
  })
})

describe('the KMS key of a wrap', () => {
  const kekOf = async ({ organizationId }: Caller) => (await wrapsOf(organizationId)).map(wrap => wrap.kek_id)
  const change = (set: string, values: unknown[]) => rooms.sql(`update public.organization_keys set ${set} where organization_id = $1`, [who.organizationId, ...values])
  beforeEach(() => forgetDataKeys())
  afterEach(async () => {
    kms.pointAlias(kms.arn)
    await rotateKek(() => {})
  })

  it('is named, so that KMS refuses what was made under another one', async () => {
    const [{ key_id, wrapped } = { key_id: '', wrapped: '' }] = await wrapsOf(who.organizationId)
    const context = { key_id, organization_id: who.organizationId }
    // The same data key for the same place, by a key that this installation may use as well.
    const secret = await kmsDecrypt(kms.arn, wrapped.split('.')[1] ?? '', context)
    const { blob } = await kmsEncrypt(kms.addKey(), secret, context)
    for (const forged of [`kms:${kms.arn}.${blob}`, `kms:${blob}`]) {
      await change('wrapped = $2', [forged])
      kms.calls.splice(0)
      expect(await refusalOf(use())).toMatchObject({ code: 'value_rejected' })
      expect(kms.calls).toMatchObject([{ operation: 'Decrypt', keyId: forged.includes('.') ? kms.arn : kms.keyId }])
    }
    await change('wrapped = $2', [wrapped])
    await use()
  })

  it('is the one that made it, when the alias is given to another', async () => {
    const before = await use()
    const next = kms.addKey()
    kms.pointAlias(next)
    forgetDataKeys()
    expect(await use()).toEqual(before)
    expect((await keyCensus()).find(({ keyId }) => keyId === `kms:${kms.arn}`)).toMatchObject({ kind: 'wrap', current: false, known: true })
    const newcomer = await rooms.person()
    await rooms.connect(newcomer)
    expect([await kekOf(newcomer), await kekOf(who)]).toEqual([[`kms:${next}`], [`kms:${kms.arn}`]])
    await rotateKek(() => {})
    expect(await kekOf(who)).toEqual([`kms:${next}`])
    expect((await keyCensus()).find(({ keyId }) => keyId === `kms:${next}`)).toMatchObject({ kind: 'wrap', current: true })
    forgetDataKeys()
    expect(await use()).toEqual(before)
    expect(kms.calls.at(-1)).toMatchObject({ operation: 'Decrypt', keyId: next })
  })

  it('is written into a wrap of earlier days, which named none', async () => {
    await change('wrapped = regexp_replace(wrapped, \'^kms:.*\\.\', \'kms:\'), kek_id = $2', [`kms:${kms.keyId}`])
    const before = await use()
    expect(kms.calls).toMatchObject([{ operation: 'Decrypt', keyId: kms.keyId }])
    // As a row has it whose key was set by its ARN.
    await change('kek_id = $2', [`kms:${kms.arn}`])
    await rotateKek(() => {})
    expect((await wrapsOf(who.organizationId))[0]?.wrapped).toMatch(/^kms:arn:[^.]*\.[^.]*$/)
    await change('wrapped = regexp_replace(wrapped, \'^kms:.*\\.\', \'kms:\')', [])
    // Also when another key is set by now: the row says which it was.
    process.env.ENCRYPTION_KMS_KEY_ID = kms.addKey()
    loadEnv([supabase.id])
    try {
      await rotateKek(() => {})
      expect(await kekOf(who)).toEqual([`kms:${process.env.ENCRYPTION_KMS_KEY_ID}`])
    }
    finally {
      process.env.ENCRYPTION_KMS_KEY_ID = kms.keyId
      loadEnv([supabase.id])
    }
    forgetDataKeys()
    expect(await use()).toEqual(before)
  })
})

describe('KMS that does not answer', () => {
  beforeEach(() => forgetDataKeys())

  const states: [string, () => unknown, () => unknown][] = [
    ['is away', () => kms.leave(), () => kms.comeBack()],
    ['takes the call and says nothing', () => kms.become('slow'), () => kms.become('good')],
    ['denies access', () => kms.become('denied'), () => kms.become('good')],
    ['throttles', () => kms.become('throttled'), () => kms.become('good')],
  ]

  it.each(states)('%s: the credential is refused, nothing is held against it, and it works again when KMS does', async (_, begin, end) => {
    await expires(60)
    const before = await state()
    await begin()
    try {
      const [refusal, scan] = await Promise.all([refusalOf(use()), rooms.scan(who, id)])
      expect(refusal).toMatchObject({ code: 'key_unavailable', message: expect.stringContaining('ENCRYPTION_KMS_KEY_ID') as string })
      expect(scan).toMatchObject({ status: 'failed', error: { code: 'key_unavailable', message: expect.stringContaining('key management service') as string }, results: [] })
      const run = await refreshDue(new AbortController().signal)
      expect(run).toMatchObject({ refreshed: 0, failed: 0 })
      // No lease, no error, no attempt is left behind; no token was sent.
      expect(await state()).toEqual(before)
      expect(await rooms.sql('select id from public.refresh_journal where integration_id = $1 and state <> \'stored\'', [id])).toEqual([])
      expect(rooms.provider.calls).toEqual([])
    }
    finally {
      await end()
    }
    await use()
    expect(rooms.provider.count({ grantType: 'refresh_token' })).toBe(1)
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed', counts: { error: 0 } })
  })

  it('lets nobody connect, and stores nothing', async () => {
    const newcomer = await rooms.person()
    kms.become('denied')
    expect(await refusalOf(rooms.connect(newcomer))).toMatchObject({ code: 'key_unavailable' })
    expect(await rooms.sql('select id from public.integrations where organization_id = $1', [newcomer.organizationId])).toEqual([])
    expect(await wrapsOf(newcomer.organizationId)).toEqual([])
    kms.become('good')
    await rooms.connect(newcomer)
  })
})
