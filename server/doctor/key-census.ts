/** Which keys the stored values need, and which of them this process has. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { EncryptionError, keyIds, useEncryptionKeys } from '#server/utils/encryption'
import type { Env } from '#server/utils/env'
import type { KeyCensus } from './contract'

const rowSchema = z.object({ kind: z.string(), key_id: z.string(), held: z.coerce.number() })

/** Counts by key; no value leaves the database. A KMS is not asked whether it has its key. */
export const keyCensus: KeyCensus = async (query) => {
  const rows = (await query('select kind, key_id, held from public.key_census()', 'service_role')).map(row => rowSchema.parse(row))
  const mine = ownKeys()
  return rows.filter(row => row.held > 0).map(({ kind, key_id: keyId, held }) =>
    ({ kind, keyId, held, known: kind === 'data_key' || keyId.startsWith('kms:') || mine.includes(keyId) }))
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
