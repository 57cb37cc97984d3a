/**
 * Signatures that a third party can check: Ed25519 (RFC 8032) with keys as JWK (RFC 8037), named by their RFC 7638
 * thumbprint. The private key is derived from the installation's secret by a labelled HKDF: knowing a signature or the
 * public key tells nothing of any encryption key.
 */
import { createHash, createPrivateKey, createPublicKey, sign as signBytes, verify as verifyBytes, type KeyObject } from 'node:crypto'
import { deriveKeys } from './encryption.ts'

/** A public key as `/.well-known/jwks.json` lists it. */
export interface PublicKey { kty: 'OKP', crv: 'Ed25519', x: string, kid: string, use: 'sig', alg: 'EdDSA' }
/** `signature`: base64url of 64 bytes. */
export interface Signature { kid: string, signature: string }

/** RFC 8410 section 7: what stands before the 32 bytes of a private key in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function signingKeys(): { privateKey: KeyObject, publicKey: PublicKey }[] {
  return deriveKeys('signing/ed25519/1').map((seed) => {
    const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8, seed.export()]), format: 'der', type: 'pkcs8' })
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
    return { privateKey, publicKey: { kty: 'OKP', crv: 'Ed25519', x, kid: thumbprint(x), use: 'sig', alg: 'EdDSA' } }
  })
}

/** RFC 7638 section 3: SHA-256 over the required members in lexicographic order, base64url. */
function thumbprint(x: string): string {
  return createHash('sha256').update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x })).digest('base64url')
}

/** The keys that this process signs and signed with, the current one first. @throws EncryptionError key_missing, key_invalid */
export function publicSigningKeys(): PublicKey[] {
  return signingKeys().map(key => key.publicKey)
}

/** @throws EncryptionError key_missing, key_invalid */
export function sign(text: string): Signature {
  const [current] = signingKeys()
  if (!current) throw new Error('There is no key to sign with')
  return { kid: current.publicKey.kid, signature: signBytes(null, Buffer.from(text), current.privateKey).toString('base64url') }
}

/** Whether one of these keys, the one that the signature names, made it over this text. */
export function verifySignature(keys: readonly Pick<PublicKey, 'kid' | 'x'>[], text: string, { kid, signature }: Signature): boolean {
  // The name must be the key's own: a list that calls another key by it is a forgery.
  const key = keys.find(one => one.kid === kid && thumbprint(one.x) === kid)
  const bytes = Buffer.from(signature, 'base64url')
  // The last digit holds four bits that no byte takes: another digit there would be the same signature in other words.
  if (!key || bytes.length !== 64 || bytes.toString('base64url') !== signature) return false
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: key.x }, format: 'jwk' })
  return verifyBytes(null, Buffer.from(text), publicKey, bytes)
}
