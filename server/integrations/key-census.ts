import { z } from 'zod'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { currentKekId } from '#server/utils/data-key'
import { keyIds } from '#server/utils/encryption'

/** `wrap`: a key-encryption key and the data keys under it. `data_key`: one and its values. `direct`: values under ENCRYPTION_KEY itself. */
export interface KeyUse { kind: 'wrap' | 'data_key' | 'direct', keyId: string, held: number, encryptions: number, organizations: number, known: boolean, current: boolean }

const rows = z.array(z.object({ kind: z.enum(['wrap', 'data_key', 'direct']), key_id: z.string(), held: z.number(), encryptions: z.number(), organizations: z.number() }))

/** How much each key holds, and how often it has encrypted. Counts every stored value: not for each request. */
export async function keyCensus(): Promise<KeyUse[]> {
  const own = keyIds()
  const kek = currentKekId()
  return rows.parse(unwrap(await serviceClient().rpc('key_census'))).map(({ key_id: keyId, ...use }) => ({
    ...use, keyId, current: use.kind === 'wrap' && keyId === kek, known: use.kind === 'data_key' || keyId.startsWith('kms:') || own.includes(keyId),
  }))
}
