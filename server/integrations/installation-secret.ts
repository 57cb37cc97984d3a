import { randomBytes } from 'node:crypto'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { sealRoot, unsealRoot } from '#server/utils/data-key'
import { env } from '#server/utils/env'

/**
 * What cookies and signatures derive from where no ENCRYPTION_KEY is set and a KMS wraps: made once, kept wrapped.
 * @returns as ENCRYPTION_KEY would be written
 * @throws EncryptionError key_unavailable, value_rejected
 */
export async function installationSecret(): Promise<string> {
  const stored = await read()
  if (stored) return (await unsealRoot(stored)).toString('base64')
  unwrap(await serviceClient().from('installation_secrets')
    .upsert({ name: 'root', wrapped: await sealRoot(randomBytes(32)) }, { onConflict: 'name', ignoreDuplicates: true }))
  // Another process may have been faster: what stands there is everybody's.
  return installationSecret()
}

/** The same secret, where it is in use, under the KMS key of now. @throws EncryptionError key_unavailable, value_rejected */
export async function rewrapInstallationSecret(): Promise<void> {
  const { kmsKeyId, encryptionKey } = env()
  const stored = kmsKeyId && !encryptionKey ? await read() : null
  if (!stored) return
  const wrapped = await sealRoot(await unsealRoot(stored))
  unwrap(await serviceClient().from('installation_secrets').update({ wrapped }).eq('name', 'root').eq('wrapped', stored).select('name'))
}

async function read(): Promise<string | undefined> {
  return unwrap(await serviceClient().from('installation_secrets').select('wrapped').eq('name', 'root').maybeSingle())?.wrapped
}
