/** The keys that credentials are under: finding, making and counting them, and sealing a row's tokens. */
import type { Connector } from '#server/connectors/contract'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { newDataKey, openDataKey } from '#server/utils/data-key'
import { encryptConfig, EncryptionError, keyIdOf, type DataKey, type EncryptionContext } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { wrappedKeys, type IntegrationRow, type WrappedKeys } from './row'

/** NIST SP 800-38D section 8.3: past the second one a key must not be used with random IVs any more. */
export const WARN_ENCRYPTIONS = 2 ** 31
export const MAX_ENCRYPTIONS = 2 ** 32

/** @throws EncryptionError key_exhausted */
export function refuseExhausted(): never {
  throw new EncryptionError('key_exhausted', 'The organization\'s key has encrypted 2^32 values. Run: npm run keys:rotate -- --data-keys')
}

/**
 * The organization's key for encrypting, made when it has none, with this many encryptions counted.
 * @throws EncryptionError key_exhausted, key_unavailable
 */
export async function keyForEncrypting(organizationId: string, values: number): Promise<DataKey> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const [reserved] = unwrap(await askAgain(() => serviceClient().rpc('reserve_encryptions', { p_organization_id: organizationId, p_count: values })))
    if (reserved?.exhausted) refuseExhausted()
    if (reserved && reserved.encryptions > 0) {
      if (reserved.encryptions >= WARN_ENCRYPTIONS) log.warn('an organization\'s key has encrypted more than 2^31 values: run npm run keys:rotate -- --data-keys', { organization_id: organizationId, encryptions: reserved.encryptions })
      return currentKey(wrappedKeys.parse(reserved.keys), organizationId)
    }
    await addKey(organizationId, null)
  }
  throw new Error('No key could be made for the organization')
}

/** @param replaces the current key's id; false: somebody was faster */
export async function addKey(organizationId: string, replaces: string | null): Promise<boolean> {
  const key = await newDataKey(organizationId)
  return unwrap(await askAgain(() => serviceClient().rpc('add_organization_key', {
    p_organization_id: organizationId, p_key_id: key.keyId, p_wrapped: key.wrapped, p_kek_id: key.kekId, p_replaces: replaces as string,
  })))
}

/** Opens the one that encrypts. @throws EncryptionError key_unknown: there is none */
export function currentKey(keys: WrappedKeys, organizationId: string): Promise<DataKey> {
  const current = keys.find(key => !key.retired)
  if (!current) throw new EncryptionError('key_unknown', 'The organization has no key')
  return openDataKey({ keyId: current.key_id, wrapped: current.wrapped }, organizationId)
}

/** What opens the row's secrets: only the keys that its values name, which a KMS may have to be asked for. */
export async function contextOf(row: Pick<IntegrationRow, 'id' | 'organizationId' | 'version' | 'keys' | 'config' | 'connector'>): Promise<EncryptionContext> {
  const named = new Set(row.connector.secrets.flatMap((field) => {
    const value = row.config[field]
    return typeof value === 'string' && value !== '' ? [keyIdOf(value)] : []
  }))
  const keys = row.keys.filter(key => named.has(key.key_id))
  return {
    integrationId: row.id, organizationId: row.organizationId, version: row.version,
    keys: await Promise.all(keys.map(key => openDataKey({ keyId: key.key_id, wrapped: key.wrapped }, row.organizationId))),
  }
}

/** A row's whole set of tokens, encrypted for the version that it will have. @throws EncryptionError value_malformed */
export function sealTokens<T extends object>(config: T, place: { id: string, organizationId: string, version: number }, connector: Connector, key: DataKey): T {
  return encryptConfig(config, { integrationId: place.id, organizationId: place.organizationId, version: place.version, keys: [key] }, connector.secrets)
}
