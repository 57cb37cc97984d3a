/**
 * How credentials are kept.
 *
 * VALUE   `<key id>:<iv>.<tag>.<ciphertext>`: iv, tag and ciphertext in base64url without padding (RFC 4648 section 5),
 *         the key id 8 hex digits. AES-256-GCM (NIST SP 800-38D) with a 96-bit IV and a 128-bit tag, over the UTF-8 text.
 * IV      96 random bits for each value (section 8.2.2). One key may then serve 2^32 values (section 8.3): 100,000
 *         integrations refreshed every hour, two values each, reach that after 2.4 years. Rotate every year.
 * TAG     128 bits, and no other length is accepted (section 5.2.1.2; short tags make forging cheap, appendix C).
 * BOUND   The tag also covers (format label, field, integration id, organization id, version of the row) as JSON, which
 *         no two different lists share: a ciphertext moved to another field, row, organization or version does not open.
 *         Without a context only the label and the field are bound, and under ENCRYPTION_KEY itself no version.
 * KEY ID  A labelled HKDF of the key (RFC 5869), cut to 32 bits. It stands in every value and not beside the row,
 *         because a refresh in the middle of a rotation may replace one field only. It is a hint and not a proof, hence
 *         not covered by the tag: a value without one opens too, every key being tried.
 * KEYS    An organization's credentials are encrypted with a data key of its own (data-key.ts), which is kept wrapped. The
 *         wrap, and whatever is encrypted without data keys, is under ENCRYPTION_KEY; ENCRYPTION_KEYS_PREVIOUS only
 *         decrypt. There is no default key.
 * REFUSED A base64url text that is not the one its bytes encode to (else bits could be flipped unnoticed), plain text
 *         where a value should be, unknown key ids, texts with lone surrogates (UTF-8 would change them silently).
 *         A text that looks like one of our values is encrypted like any other: guessing would let a provider choose
 *         what is stored as it is.
 *
 * No error names a key, a text or a ciphertext. Run by itself, this file checks itself (encryption-check.ts):
 * `ENCRYPTION_KEY=$(openssl rand -base64 32) node server/utils/encryption.ts`. Hence erasable syntax, node: and `.ts`.
 */
import { Buffer } from 'node:buffer'
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import process from 'node:process'
import { keyFault } from './env-schema.ts'
import { env } from './env.ts'

export type EncryptionErrorCode
  = | 'key_missing' | 'key_invalid' | 'key_unknown' | 'value_malformed' | 'value_rejected'
    | 'key_unavailable' // the key management service does not answer, or refuses
    | 'key_exhausted' // 2^32 values under one key

export class EncryptionError extends Error {
  override name = 'EncryptionError'
  readonly code: EncryptionErrorCode

  constructor(code: EncryptionErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A key that encrypts the values of one organization: 256 bits, and the id that stands in front of each value. */
export interface DataKey { id: string, secret: KeyObject }

/** Where a value lives. Both ids are bound into it. */
export interface EncryptionContext {
  integrationId: string
  organizationId: string
  /** The organization's, the one that encrypts first. Without them ENCRYPTION_KEY itself encrypts. */
  keys?: readonly DataKey[]
  /** Of the row whose credentials these are; bound into values under a data key. */
  version?: number
}

/** The keys of `config` that are encrypted unless a connector names its own. */
export const defaultSecretFields: readonly string[] = ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token']

interface Key extends DataKey { derived: Map<string, KeyObject> }

const label = 'allyship/config/1'
const dataKeyLabel = 'allyship/credential/2'
const valueShape = /^(?:([0-9a-f]{8}):)?([\w-]{16})\.([\w-]{22})\.([\w-]*)$/

function expand(secret: KeyObject, purpose: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `allyship/${purpose}`, length))
}

/** @throws EncryptionError key_invalid */
function toKey(text: string): Key {
  const fault = keyFault(text)
  if (fault) throw new EncryptionError('key_invalid', `An encryption key ${fault}. Make one with: openssl rand -base64 32`)
  const secret = createSecretKey(Buffer.from(text, 'base64'))
  return { ...named(secret), derived: new Map() }
}

/** A key with the id that its values will carry. */
export function named(secret: KeyObject): DataKey {
  return { id: expand(secret, 'key-id', 4).toString('hex'), secret }
}

let ring: { current: Key, all: Key[] } | undefined

/** Installs the keys of this process instead of the environment's. @throws EncryptionError key_invalid */
export function useEncryptionKeys(keys: { current: string, previous?: readonly string[] }): void {
  const current = toKey(keys.current)
  ring = { current, all: [current, ...(keys.previous ?? []).map(toKey)] }
}

/** @throws EncryptionError key_missing, key_invalid */
function keys(): { current: Key, all: Key[] } {
  if (ring) return ring
  const { encryptionKey, previousEncryptionKeys } = env()
  if (encryptionKey) useEncryptionKeys({ current: encryptionKey, previous: previousEncryptionKeys })
  if (!ring) throw new EncryptionError('key_missing', 'ENCRYPTION_KEY is not set. Make one with: openssl rand -base64 32')
  return ring
}

/** The bare primitive: 256-bit key, 96-bit IV, 128-bit tag. The caller never uses an IV twice with one key. */
export function seal(key: KeyObject, iv: Uint8Array, text: string | Uint8Array, bound: Uint8Array | string): { ciphertext: Buffer, tag: Buffer } {
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  cipher.setAAD(typeof bound === 'string' ? Buffer.from(bound) : bound)
  const body = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text)
  cipher.final() // GCM is a stream mode: nothing is left over, this makes the tag.
  return { ciphertext: body, tag: cipher.getAuthTag() }
}

/** The plain bytes, or null when key, IV, tag, ciphertext and bound data do not belong together. */
export function unseal(key: KeyObject, iv: Uint8Array, ciphertext: Uint8Array, tag: Uint8Array, bound: Uint8Array | string): Buffer | null {
  if (iv.length !== 12 || tag.length !== 16) return null
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: 16 })
  decipher.setAAD(typeof bound === 'string' ? Buffer.from(bound) : bound).setAuthTag(tag)
  const body = decipher.update(ciphertext)
  try { decipher.final() }
  catch { return null }
  return body
}

/** @param own whether the key is the organization's, and not ENCRYPTION_KEY */
function boundData(field: string, context: EncryptionContext | undefined, own: boolean): string {
  if (!context) return JSON.stringify([label, field])
  const { integrationId, organizationId, version } = context
  if (!integrationId || !organizationId) throw new EncryptionError('value_malformed', `${field}: the context names no integration or no organization`)
  if (!own) return JSON.stringify([label, field, integrationId, organizationId])
  if (!version) throw new EncryptionError('value_malformed', `${field}: the context names no version`)
  return JSON.stringify([dataKeyLabel, field, integrationId, organizationId, version])
}

/** @throws EncryptionError key_missing, key_invalid, value_malformed (a lone surrogate) */
export function encryptValue(text: string, field: string, context?: EncryptionContext): string {
  const own = context?.keys?.[0]
  const current = own ?? keys().current
  if (!text.isWellFormed()) throw new EncryptionError('value_malformed', `${field} is not well-formed Unicode`)
  const iv = randomBytes(12)
  const { ciphertext, tag } = seal(current.secret, iv, text, boundData(field, context, own !== undefined))
  return `${current.id}:${iv.toString('base64url')}.${tag.toString('base64url')}.${ciphertext.toString('base64url')}`
}

/** Undefined when the text is not the one that its bytes encode to. */
function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return bytes.toString('base64url') === text ? bytes : undefined
}

/** @throws EncryptionError key_missing, key_invalid, key_unknown, value_malformed, value_rejected */
export function decryptValue(value: string, field: string, context?: EncryptionContext): string {
  const all = [...(context?.keys ?? []).map(key => ({ ...key, own: true })), ...keys().all.map(key => ({ ...key, own: false }))]
  const [, id, ...parts] = valueShape.exec(value) ?? []
  const [iv, tag, ciphertext] = parts.map(fromBase64url)
  if (!iv || !tag || !ciphertext) throw new EncryptionError('value_malformed', `${field} is not an encrypted value`)
  const candidates = id ? all.filter(key => key.id === id) : all
  if (!candidates.length) throw new EncryptionError('key_unknown', `${field} was encrypted with key ${id}, which this process does not have`)
  for (const key of candidates) {
    const text = unseal(key.secret, iv, ciphertext, tag, boundData(field, context, key.own))
    if (text) return text.toString('utf8')
  }
  throw new EncryptionError('value_rejected', `${field} was altered, moved from another place, or encrypted with another key`)
}

/** The id of the key that encrypted a value, or null when the value names none. @throws EncryptionError value_malformed */
export function keyIdOf(value: string): string | null {
  const match = valueShape.exec(value)
  if (!match) throw new EncryptionError('value_malformed', 'This is not an encrypted value')
  return match[1] ?? null
}

/** The ids of the keys of this installation, the one that encrypts first. @throws EncryptionError key_missing, key_invalid */
export function keyIds(): string[] {
  return keys().all.map(key => key.id)
}

/** The id of the key that encrypts now. @throws EncryptionError key_missing, key_invalid */
export function currentKeyId(): string {
  return keys().current.id
}

function mapSecrets<T extends object>(config: T, fields: readonly string[], change: (text: string, field: string) => string): T {
  const changed: [string, string][] = []
  for (const field of fields) {
    const value: unknown = Object.hasOwn(config, field) ? Reflect.get(config, field) : undefined
    // Nothing there is nothing to hide, and whoever reads the row must still see that there is no refresh token.
    if (value === undefined || value === null || value === '') continue
    if (typeof value !== 'string') throw new EncryptionError('value_malformed', `${field} is not text`)
    changed.push([field, change(value, field)])
  }
  return { ...config, ...Object.fromEntries(changed) }
}

/** A copy with its secret fields encrypted and everything else untouched. @throws EncryptionError */
export function encryptConfig<T extends object>(config: T, context?: EncryptionContext, secretFields: readonly string[] = defaultSecretFields): T {
  return mapSecrets(config, secretFields, (text, field) => encryptValue(text, field, context))
}

/** A copy with its secret fields in the clear: only integrations/credentials.ts calls it. @throws EncryptionError */
export function decryptConfig<T extends object>(config: T, context?: EncryptionContext, secretFields: readonly string[] = defaultSecretFields): T {
  return mapSecrets(config, secretFields, (value, field) => decryptValue(value, field, context))
}

/**
 * A 256-bit key for another purpose (sealing cookies, signing), by HKDF-SHA256: knowing it tells nothing of the
 * encryption key. `deriveKeys` also gives those of the previous keys, the current one first.
 * @throws EncryptionError key_missing, key_invalid
 */
export function deriveKey(purpose: string): KeyObject {
  return derive(keys().current, purpose)
}

export function deriveKeys(purpose: string): KeyObject[] {
  return keys().all.map(key => derive(key, purpose))
}

function derive(key: Key, purpose: string): KeyObject {
  const known = key.derived.get(purpose) ?? createSecretKey(expand(key.secret, `derived/${purpose}`, 32))
  key.derived.set(purpose, known)
  return known
}

if (/[\\/]server[\\/]utils[\\/]encryption\.ts$/.test(process.argv[1] ?? '')) {
  void import('./encryption-check.ts').then(check => check.main())
}
