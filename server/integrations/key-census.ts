import { z } from 'zod'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { currentKekId } from '#server/utils/data-key'
import { EncryptionError, keyIds } from '#server/utils/encryption'

/** `wrap`: a key-encryption key and the data keys under it. `data_key`: one and its values. `direct`: values under ENCRYPTION_KEY itself. */
export interface KeyUse { kind: 'wrap' | 'data_key' | 'direct', keyId: string, held: number, encryptions: number, organizations: number, known: boolean, current: boolean }

const page = z.object({
  last: z.string(),
  uses: z.array(z.object({ kind: z.enum(['wrap', 'data_key', 'direct']), key_id: z.string(), held: z.number(), encryptions: z.number(), organizations: z.number() })),
}).nullable()
type Use = NonNullable<z.infer<typeof page>>['uses'][number]

/** Organizations a call. */
const PAGE = 500

/** How much each key holds, and how often it has encrypted. Counts every stored value: not for each request. */
export async function keyCensus(): Promise<KeyUse[]> {
  const own = keyIds()
  const kek = await currentKekId().catch((error: unknown) => {
    if (error instanceof EncryptionError && error.code === 'key_unavailable') return null // the KMS is away: the counts are known all the same
    throw error
  })
  return (await counted()).map(({ key_id: keyId, ...use }) => ({
    ...use, keyId, current: use.kind === 'wrap' && keyId === kek, known: use.kind === 'data_key' || keyId.startsWith('kms:') || own.includes(keyId),
  }))
}

/** A data key is one organization's; the others are added up over all of them. */
async function counted(): Promise<Use[]> {
  const dataKeys: Use[] = []
  const shared = new Map<string, Use>()
  for (let after: string | null = null; ;) {
    const counts = page.parse(unwrap(await serviceClient().rpc('key_census', { p_after: after as string, p_limit: PAGE })))
    if (!counts) break
    for (const use of counts.uses) {
      if (use.kind === 'data_key') dataKeys.push(use)
      else shared.set(`${use.kind} ${use.key_id}`, sum(use, shared.get(`${use.kind} ${use.key_id}`)))
    }
    after = counts.last
  }
  const of = (kind: Use['kind']) => [...shared.values()].filter(use => use.kind === kind)
  return [...of('wrap'), ...dataKeys, ...of('direct')]
}

/** `encryptions` is the key's own number, the same in every portion. */
function sum(use: Use, before: Use | undefined): Use {
  return before ? { ...use, held: use.held + before.held, organizations: use.organizations + before.organizations } : use
}
