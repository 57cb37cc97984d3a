/** Whether this process has the keys that the stored values need. */
import { z } from 'zod'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { openDataKey } from '#server/utils/data-key'
import { EncryptionError, keyIds } from '#server/utils/encryption'

export interface KeyNeed { kind: string, keyId: string, held: number, known: boolean }

const needs = z.array(z.object({ kind: z.string(), key_id: z.string(), held: z.number() }))

/** Counts by key; of a KMS, which is not asked, nothing more is known than that its wraps need it. */
export async function keyNeeds(): Promise<KeyNeed[]> {
  const own = keyIds()
  return needs.parse(unwrap(await serviceClient().rpc('keys_needed')))
    .map(({ kind, key_id: keyId, held }) => ({ kind, keyId, held, known: keyId.startsWith('kms:') || own.includes(keyId) }))
}

/**
 * @throws Error naming what can't be opened, by counts: a start with the wrong key would make every credential look dead
 */
export async function requireKeys(): Promise<void> {
  const needed = await keyNeeds()
  const missing = needed.filter(need => !need.known)
  if (missing.length > 0) {
    const lines = missing.map(({ kind, keyId, held }) => kind === 'wrap'
      ? `  ${held} organization key${held === 1 ? '' : 's'} wrapped with key ${keyId}`
      : `  the values of ${held} integration${held === 1 ? '' : 's'} encrypted with key ${keyId}`)
    throw new Error(`The encryption keys of this installation don't open what is stored:\n${lines.join('\n')}\n`
      + `To fix: set ENCRYPTION_KEY, or one of ENCRYPTION_KEYS_PREVIOUS, to the key with that id. This process has ${keyIds().join(', ')}.`)
  }
  for (const { keyId, kind, held } of needed) if (kind === 'wrap' && !keyId.startsWith('kms:')) await requireProof(keyId, held)
}

/** The id is a hint of 32 bits: one wrap that opens is the proof. */
async function requireProof(keyId: string, held: number): Promise<void> {
  const [wrap] = unwrap(await serviceClient().from('organization_keys').select('organization_id, key_id, wrapped').eq('kek_id', keyId).order('created_at').limit(1))
  if (!wrap) return
  try {
    await openDataKey({ keyId: wrap.key_id, wrapped: wrap.wrapped }, wrap.organization_id)
  }
  catch (error) {
    if (!(error instanceof EncryptionError)) throw error
    throw new Error(`${held} organization key${held === 1 ? ' is' : 's are'} wrapped with key ${keyId}, and this installation's key of that id does not open the oldest of them `
      + `(organization ${wrap.organization_id}): it is another key, or the wrap was altered. To fix: restore ENCRYPTION_KEY, or the table organization_keys from a backup.`, { cause: error })
  }
}
