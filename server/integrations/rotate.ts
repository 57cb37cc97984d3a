/**
 * Changing keys while everything runs.
 *
 * KEK    Only wraps are rewritten; each by compare-and-swap, so that two at once, or a new organization, do no harm.
 * DATA   Every organization gets a new key, and then its values are re-encrypted, batch by batch. Old keys keep opening what
 *        is still under them, so no read fails. A row's version stays, so a refresh under way stores its answer as ever; what
 *        it encrypted with a key that was retired meanwhile comes up in the next round.
 * An interrupted change goes on where it stopped: what is left is read from the rows themselves.
 */
import { z } from 'zod'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError } from '#server/errors'
import { currentKekId, newDataKey, rewrap } from '#server/utils/data-key'
import { EncryptionError } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { openConfig } from './credentials'
import { rewrapInstallationSecret } from './installation-secret'
import { toRow, wrappedKeys, type WrappedKeys } from './row'
import { currentKey, refuseExhausted, sealTokens } from './vault'

const BATCH = 200

/** Called after each batch. */
export type Progress = (done: number, what: 'wraps' | 'keys' | 'values') => void

export interface KekRotation {
  /** Wraps that were rewritten. */
  wrapped: number
  /** Wraps that no key of this installation opens: left as they are. */
  unreadable: number
}

/** Wraps all data keys, and the installation's secret where there is one, with the key-encryption key of now. @throws EncryptionError key_unavailable */
export async function rotateKek(progress: Progress): Promise<KekRotation> {
  const sum: KekRotation = { wrapped: 0, unreadable: 0 }
  await rewrapInstallationSecret()
  // Until a round finds nothing: a process that has not got the new key yet may have wrapped meanwhile.
  for (let before = -1; before !== sum.wrapped;) {
    before = sum.wrapped
    sum.unreadable = 0
    await rewrapAll(await currentKekId(), sum, progress)
  }
  return sum
}

async function rewrapAll(kekId: string, sum: KekRotation, progress: Progress): Promise<void> {
  for (let after: Wrap | undefined; ;) {
    const wraps: Wrap[] = unwrap(await serviceClient().rpc('wraps_to_rewrite', {
      p_kek_id: kekId, p_after_organization_id: (after?.organization_id ?? null) as string, p_after_key_id: (after?.key_id ?? null) as string, p_limit: BATCH,
    }))
    after = wraps.at(-1)
    if (!after) return
    const items = (await Promise.all(wraps.map(rewrapped))).filter(item => item !== null)
    sum.unreadable += wraps.length - items.length
    // Of one key, unless an alias was moved in the middle.
    for (const [kek, same = []] of Object.entries(Object.groupBy(items, item => item.kek_id))) {
      sum.wrapped += unwrap(await askAgain(() => serviceClient().rpc('store_wraps', { p_items: same, p_kek_id: kek })))
    }
    progress(sum.wrapped, 'wraps')
  }
}

interface Wrap { organization_id: string, key_id: string, wrapped: string, kek_id: string }

/** Null: no key opens it. */
async function rewrapped({ organization_id, key_id, wrapped: seen, kek_id: seenKek }: Wrap) {
  try {
    const { wrapped, kekId: kek_id } = await rewrap({ keyId: key_id, wrapped: seen, kekId: seenKek }, organization_id)
    return { organization_id, key_id, seen, wrapped, kek_id }
  }
  catch (error) {
    return skipped(error, 'an organization\'s key can\'t be opened and stays under its old wrap', { organization_id, key_id })
  }
}

/** One that does not open must not stop the others; a service that is away stops all. */
function skipped(error: unknown, message: string, which: Record<string, string>): null {
  const gone = error instanceof AppError && error.code === 'not_found' // a provider that this version does not know
  if (!gone && (!(error instanceof EncryptionError) || error.code === 'key_unavailable')) throw error
  log.error(message, { ...which, reason: error.code })
  return null
}

export interface DataKeyRotation {
  /** Integrations whose values were re-encrypted. */
  rotated: number
  /** Integrations whose values no key of this installation opens: left as they are. */
  unreadable: number
  resumed: boolean
}

/** Gives every organization a new key and re-encrypts all values. @throws EncryptionError key_unavailable, key_exhausted */
export async function rotateDataKeys(progress: Progress): Promise<DataKeyRotation> {
  const [rotation] = unwrap(await serviceClient().rpc('start_key_rotation'))
  if (!rotation) throw new Error('No change of keys could be begun')
  await newKeys(rotation.started_at, progress)
  let rotated = 0
  let unreadable = 0
  // Until a round finds nothing: what was written meanwhile may have been under an old key.
  for (let round = -1; round !== rotated;) {
    round = rotated
    const before = rotated
    const done = await reencrypt(done => progress(before + done, 'values'))
    rotated += done.rotated
    unreadable = done.unreadable
  }
  unwrap(await askAgain(() => serviceClient().rpc('drop_empty_keys')))
  unwrap(await serviceClient().from('key_rotations').update({ finished_at: new Date().toISOString() }).eq('id', rotation.id).select('id'))
  return { rotated, unreadable, resumed: rotation.resumed }
}

async function newKeys(before: string, progress: Progress): Promise<void> {
  for (let done = 0; ;) {
    const due = unwrap(await serviceClient().rpc('organizations_to_rekey', { p_before: before, p_limit: BATCH }))
    if (due.length === 0) return
    const items = await Promise.all(due.map(async ({ organization_id, key_id: replaces }) => {
      const { keyId: key_id, wrapped, kekId: kek_id } = await newDataKey(organization_id)
      return { organization_id, key_id, wrapped, kek_id, replaces }
    }))
    done += unwrap(await askAgain(() => serviceClient().rpc('add_organization_keys', { p_items: items })))
    progress(done, 'keys')
  }
}

/** One round over all integrations that are not under their organization's current key. */
async function reencrypt(progress: (done: number) => void): Promise<{ rotated: number, unreadable: number }> {
  const sum = { rotated: 0, unreadable: 0 }
  let next = read(null)
  for (;;) {
    const batch = await next
    const last = batch.at(-1)
    if (!last) return sum
    const keys = new Map(batch.flatMap(row => row.keys ? [[row.organization_id, row.keys] as const] : []))
    const items = (await Promise.all(batch.map(row => sealed(row, keys.get(row.organization_id) ?? [])))).filter(item => item !== null)
    sum.unreadable += batch.length - items.length
    // The next batch is read while this one is written.
    next = read(last.id)
    next.catch(() => {}) // Awaited above, unless the writing fails first.
    sum.rotated += unwrap(await askAgain(() => serviceClient().rpc('store_rotated_credentials', { p_items: items as Json }))).length
    progress(sum.rotated)
  }
}

const rotatable = z.object({
  id: z.string(), organization_id: z.string(), integration_type: z.string(), version: z.number(),
  config: z.looseObject({ access_token: z.string() }), keys: wrappedKeys.nullable(), reserved: z.boolean(),
})
type Rotatable = z.infer<typeof rotatable>

async function read(after: string | null): Promise<Rotatable[]> {
  return rotatable.array().parse(unwrap(await askAgain(() => serviceClient().rpc('credentials_to_rotate', { p_after: after as string, p_limit: BATCH }))))
}

/** Null: no key opens it. */
async function sealed(stored: Rotatable, keys: WrappedKeys): Promise<object | null> {
  if (!stored.reserved) refuseExhausted()
  try {
    const row = toRow({ ...stored, keys, status: 'active', sandbox: false, last_error: null, refresh_failures: 0, refresh_slot: 'main', external_account_id: '' })
    const [plain, key] = [await openConfig(row), await currentKey(row.keys, row.organizationId)]
    const secrets = Object.fromEntries(row.connector.secrets.flatMap(field => typeof plain[field] === 'string' ? [[field, plain[field]]] : []))
    return { id: row.id, version: row.version, config: sealTokens(secrets, row, row.connector, key) }
  }
  catch (error) {
    return skipped(error, 'an integration\'s credentials can\'t be opened and stay under their old key', { integration_id: stored.id })
  }
}
