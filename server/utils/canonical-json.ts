/**
 * JSON in one spelling, so that it can be hashed and signed: RFC 8785, that is keys sorted by UTF-16 code units, no white
 * space, numbers and strings as ECMAScript writes them. Plain Node runs this file.
 */
import { createHash } from 'node:crypto'

/** @throws TypeError for what JSON can't say: undefined, a number that is not finite, half a surrogate pair */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)
    return `{${entries.map(([key, item]) => `${canonicalJson(key)}:${canonicalJson(item)}`).join(',')}}`
  }
  if (typeof value === 'string' && value.isWellFormed()) return JSON.stringify(value)
  if (value === null || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return JSON.stringify(value)
  throw new TypeError('JSON has no spelling for this value')
}

export type Digests = Record<string, string>

/** The SHA-256, hex, of each field's canonical JSON. Signed instead of the whole, so that an alteration has a place. */
export function digestsOf(fields: object): Digests {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) =>
    [name, createHash('sha256').update(canonicalJson(value)).digest('hex')]))
}

/** What is signed. The format stands in it, so that a signature is good for one kind of document. */
export function signedText(format: string, digests: Digests): string {
  return canonicalJson({ format, digests })
}
