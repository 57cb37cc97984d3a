/** Which keys the stored values need, and which of them this process has. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { EncryptionError, keyIds, useEncryptionKeys } from '#server/utils/encryption'
import type { Env } from '#server/utils/env'
import type { KeyCensus, KeyHolding } from './contract'

const page = z.object({ last: z.uuid(), uses: z.array(z.object({ kind: z.string(), key_id: z.string(), held: z.number() })) }).nullable()

/** Counts by key; no value leaves the database. A KMS is not asked whether it has its key. */
export const keyCensus: KeyCensus = async (query) => {
  const held = new Map<string, Omit<KeyHolding, 'known'> & { keyId: string }>()
  for (let after: string | null = null; ;) {
    // Portion by portion: over all at once a large installation would take longer than a statement may.
    const [row] = await query(`select public.key_census(${after === null ? 'null' : `'${after}'`}, 500) as page`, 'service_role')
    const counts = page.parse(row?.page)
    if (!counts) break
    for (const { kind, key_id: keyId, held: more } of counts.uses) {
      held.set(`${kind} ${keyId}`, { kind, keyId, held: more + (held.get(`${kind} ${keyId}`)?.held ?? 0) })
    }
    after = counts.last
  }
  const mine = ownKeys()
  return [...held.values()].filter(one => one.held > 0).map(one =>
    ({ ...one, known: one.kind === 'data_key' || one.keyId.startsWith('kms:') || mine.includes(one.keyId) }))
}

/** None where a KMS wraps and no ENCRYPTION_KEY is set. */
function ownKeys(): string[] {
  try { return keyIds() }
  catch (error) {
    if (error instanceof EncryptionError && error.code === 'key_missing') return []
    throw error
  }
}

/**
 * The keys that the app would have, without making one. @returns false when there is none
 * @throws EncryptionError key_invalid
 */
export async function installKeys({ mode, dataDir, encryptionKey, previousEncryptionKeys, kmsKeyId }: Env): Promise<boolean> {
  const file = mode === 'embedded' ? await readFile(join(dataDir, 'encryption.key'), 'utf8').catch(() => null) : null
  const [current, ...previous] = [encryptionKey, ...previousEncryptionKeys, file?.trim()].filter(key => typeof key === 'string')
  if (current === undefined) return kmsKeyId !== null
  useEncryptionKeys({ current, previous })
  return true
}
