/**
 * The file that an export is, `allyship-audit/1`: lines of UTF-8, each ended by a line feed.
 *
 * FIRST   the header: whose log, which installation, the number of the first entry, and the hash that it is chained to.
 * THEN    an entry a line, `{"hash":"<hex>","entry":<canonical>}`: `canonical` stands there byte for byte as it was hashed,
 *         hash = sha256(hash of the line before, or the header's prev_hash, || LF || canonical).
 * LAST    the footer: the hash of the header's line, how many entries there are, the number and hash of the last one, and an
 *         Ed25519 signature over all of that. Whoever changes a byte anywhere breaks a hash, and the last hash is signed.
 *
 * Header and footer are JSON.stringify of exactly these keys in this order: another spelling is another file. Plain Node
 * runs this file too (npm run verify-audit): erasable syntax, and imports with `.ts`.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'

export const FORMAT = 'allyship-audit/1'
/** What the first entry of all is chained to. */
export const GENESIS = '0'.repeat(64)

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().min(0)

export const headerSchema = z.strictObject({
  format: z.literal(FORMAT),
  organization_id: z.uuid(),
  issuer: z.url(),
  from_seq: z.number().int().min(1),
  prev_hash: hex,
  exported_at: z.iso.datetime(),
})
export type Header = z.infer<typeof headerSchema>

export const footerSchema = z.strictObject({
  header_hash: hex,
  count,
  head_seq: count,
  head_hash: hex,
  kid: z.string().regex(/^[\w-]{43}$/),
  signature: z.string().regex(/^[\w-]{86}$/),
})
export type Footer = z.infer<typeof footerSchema>

export function sha256(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

/** @param canonical the very bytes */
export function chainHash(previous: string, canonical: string | Uint8Array): string {
  return sha256(previous, '\n', canonical)
}

export function headerLine({ organization_id, issuer, from_seq, prev_hash, exported_at }: Omit<Header, 'format'>): string {
  return JSON.stringify({ format: FORMAT, organization_id, issuer, from_seq, prev_hash, exported_at })
}

export const entryPrefix = (hash: string) => `{"hash":"${hash}","entry":`
export const ENTRY_END = '}'

/** What is signed: the export's name and number of entries, and by the hashes all that stands in it. */
export function signedText({ header_hash, count, head_seq, head_hash }: Omit<Footer, 'kid' | 'signature'>): string {
  return JSON.stringify({ format: FORMAT, header_hash, count, head_seq, head_hash })
}

export function footerLine({ header_hash, count, head_seq, head_hash, kid, signature }: Footer): string {
  return JSON.stringify({ header_hash, count, head_seq, head_hash, kid, signature })
}
