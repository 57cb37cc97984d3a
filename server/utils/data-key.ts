/**
 * Envelope encryption: each organization's values are under a data key of its own, which is kept wrapped by the
 * key-encryption key (KEK), and dies with the organization.
 *
 * WRAP    `<KEK id>:iv.tag.ciphertext` under ENCRYPTION_KEY (encryption.ts), or `kms:<key ARN>.<blob>` by AWS KMS (kms.ts) when
 *         ENCRYPTION_KMS_KEY_ID is set: opened with that key and no other. Both are bound to the data key's id and the organization, so that a wrap copied to
 *         another organization does not open.
 * CHANGE  Of the KEK: only wraps are rewritten. Of a data key: values are (`npm run keys:rotate -- --data-keys`).
 * LIMIT   2^32 values per key with random IVs (NIST SP 800-38D section 8.3): counted by the database before they are made.
 */
import { createSecretKey, randomBytes } from 'node:crypto'
import { currentKeyId, decryptValue, EncryptionError, encryptValue, named, type DataKey } from './encryption.ts'
import { env } from './env.ts'

/** As `organization_keys` keeps it. `kekId`: what wrapped it, for counting and for finding what is still under another. */
export interface WrappedKey { keyId: string, wrapped: string, kekId?: string }
export type NewDataKey = Required<WrappedKey>

const FIELD = 'organization_key'
const ROOT = 'installation'
const KMS = 'kms:'
/** Milliseconds for which a key that a KMS unwrapped is used without asking again. */
const KMS_MEMORY_MS = 5 * 60_000
const REMEMBERED = 5_000

const unwrapped = new Map<string, { key: Promise<DataKey>, until: number }>()

/**
 * What wraps now: the id of ENCRYPTION_KEY, or `kms:<key ARN>`. Which key an alias stands for, KMS says with each wrap only.
 * @throws EncryptionError key_missing, key_unavailable
 */
export async function currentKekId(): Promise<string> {
  return env().kmsKeyId ? (await wrap(randomBytes(32), 'probe', ROOT)).kekId : currentKeyId()
}

/** @throws EncryptionError key_missing, key_unavailable */
async function wrap(secret: Buffer, keyId: string, organizationId: string): Promise<NewDataKey> {
  const { kmsKeyId } = env()
  if (!kmsKeyId) return { keyId, wrapped: encryptValue(secret.toString('base64'), FIELD, { integrationId: keyId, organizationId }), kekId: currentKeyId() }
  const { kmsEncrypt } = await import('./kms.ts')
  const { blob, keyArn } = await kmsEncrypt(kmsKeyId, secret, { key_id: keyId, organization_id: organizationId })
  return { keyId, wrapped: `${KMS}${keyArn}.${blob}`, kekId: KMS + keyArn }
}

async function unwrapSecret({ keyId, wrapped, kekId }: WrappedKey, organizationId: string): Promise<Buffer> {
  if (!wrapped.startsWith(KMS)) return Buffer.from(decryptValue(wrapped, FIELD, { integrationId: keyId, organizationId }), 'base64')
  const { kmsDecrypt } = await import('./kms.ts')
  return kmsDecrypt(...kmsPartsOf(wrapped, kekId), { key_id: keyId, organization_id: organizationId })
}

/** A wrap of earlier days names no key: it was made under the one that its row names, or else the one that is set. */
function kmsPartsOf(wrapped: string, kekId: string | undefined): [keyId: string, blob: string] {
  const [, arn, blob = ''] = /^kms:(?:([^.]*)\.)?(.*)$/s.exec(wrapped) ?? []
  const keyId = arn ?? (kekId?.startsWith(KMS) ? kekId.slice(KMS.length) : env().kmsKeyId)
  if (!keyId) throw new EncryptionError('key_unavailable', 'A data key is wrapped by a KMS. To fix: set ENCRYPTION_KMS_KEY_ID to the key that it was wrapped with, and run npm run keys:rotate')
  return [keyId, blob]
}

/** A fresh key for an organization, wrapped. @throws EncryptionError key_missing, key_unavailable */
export async function newDataKey(organizationId: string): Promise<NewDataKey> {
  const secret = randomBytes(32)
  const keyId = named(createSecretKey(secret)).id
  return wrap(secret, keyId, organizationId)
}

/** The same key under the KEK of now. @throws EncryptionError */
export async function rewrap(old: WrappedKey, organizationId: string): Promise<NewDataKey> {
  const secret = await unwrapSecret(old, organizationId)
  return wrap(secret, old.keyId, organizationId)
}

/**
 * Opens a data key. A KMS is asked at most every five minutes for each.
 * @throws EncryptionError key_unknown, value_rejected (another KEK, or a wrap of another organization), key_unavailable
 */
export function openDataKey(wrap: WrappedKey, organizationId: string): Promise<DataKey> {
  const name = `${organizationId} ${wrap.keyId} ${wrap.wrapped}`
  const known = unwrapped.get(name)
  if (known && known.until > Date.now()) return known.key
  const key = unwrap(wrap, organizationId)
  unwrapped.delete(name)
  unwrapped.set(name, { key, until: wrap.wrapped.startsWith(KMS) ? Date.now() + KMS_MEMORY_MS : Infinity })
  // A failure is not remembered: the service may be back the next moment.
  key.catch(() => unwrapped.delete(name))
  for (const oldest of unwrapped.keys()) {
    if (unwrapped.size <= REMEMBERED) break
    unwrapped.delete(oldest)
  }
  return key
}

/** For tests, and when the keys of this process change. */
export function forgetDataKeys(): void {
  unwrapped.clear()
}

async function unwrap(wrap: WrappedKey, organizationId: string): Promise<DataKey> {
  const key = named(createSecretKey(await unwrapSecret(wrap, organizationId)))
  if (key.id !== wrap.keyId) throw new EncryptionError('value_rejected', 'A data key is not the one that its row names')
  return key
}

/** The root secret of an installation without ENCRYPTION_KEY: by KMS, bound to its purpose. @throws EncryptionError key_unavailable */
export async function sealRoot(secret: Buffer): Promise<string> {
  return (await wrap(secret, ROOT, ROOT)).wrapped
}

/** @throws EncryptionError key_unavailable, value_rejected */
export async function unsealRoot(wrapped: string): Promise<Buffer> {
  return unwrapSecret({ keyId: ROOT, wrapped }, ROOT)
}
