/** Which keys the stored values need, and which of them this process has. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { keyIds, useEncryptionKeys } from '#server/utils/encryption'
import type { Env } from '#server/utils/env'
import type { KeyCensus } from './contract'

const rowSchema = z.object({ key_id: z.string().nullable(), held: z.coerce.number() })

/** Counts by the key's id that stands in each value; no value leaves the database. */
export const keyCensus: KeyCensus = async (query) => {
  const rows = await query(`
    select substring(field.value from '^([0-9a-f]{8}):') as key_id, count(*) as held
    from public.integrations i, jsonb_each_text(i.config) as field
    where field.value ~ '^([0-9a-f]{8}:)?[A-Za-z0-9_-]{16}\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]*$'
    group by 1 order by 2 desc`, 'service_role')
  const mine = keyIds()
  // A value that names no key is tried with every one.
  return rows.map(row => rowSchema.parse(row)).map(({ key_id, held }) => ({ kind: 'value', keyId: key_id, held, known: key_id === null || mine.includes(key_id) }))
}

/**
 * The keys that the app would have, without making one. @returns false when there is none
 * @throws EncryptionError key_invalid
 */
export async function installKeys({ mode, dataDir, encryptionKey, previousEncryptionKeys }: Env): Promise<boolean> {
  const file = mode === 'embedded' ? await readFile(join(dataDir, 'encryption.key'), 'utf8').catch(() => null) : null
  const [current, ...previous] = [encryptionKey, ...previousEncryptionKeys, file?.trim()].filter(key => typeof key === 'string')
  if (current === undefined) return false
  useEncryptionKeys({ current, previous })
  return true
}
