/**
 * The public keys by which others check what this installation has signed, those of earlier days included: a document
 * outlives the encryption key that its signing key was derived from.
 *
 * The table is not trusted. Who owns the database could put a key of their own there, and forge with it; so each row
 * carries an endorsement, the signature of a key that this process has. At start the current key endorses those that
 * earlier ones vouched for, which is how trust passes on when ENCRYPTION_KEY changes: both keys are known for a while
 * (ENCRYPTION_KEYS_PREVIOUS). A key that nobody known vouches for is kept and not published.
 */
import { z } from 'zod'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { publicSigningKeys, sign, verifySignature, type PublicKey } from '#server/utils/signing'

const publicKeySchema = z.strictObject({
  kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string().regex(/^[\w-]{43}$/), kid: z.string(), use: z.literal('sig'), alg: z.literal('EdDSA'),
}) satisfies z.ZodType<PublicKey>
const rowSchema = z.object({ kid: z.string(), public_jwk: publicKeySchema, endorsement: z.object({ kid: z.string(), signature: z.string() }) })
type Row = z.infer<typeof rowSchema>

/** What an endorsement signs: not a text that anything else is signed over. */
function endorsedText({ kid, x }: PublicKey): string {
  return JSON.stringify({ format: 'allyship-signing-key/1', kid, x })
}

function isEndorsed({ kid, public_jwk, endorsement }: Row): boolean {
  return kid === public_jwk.kid && verifySignature(publicSigningKeys(), endorsedText(public_jwk), endorsement)
}

/** The keys in the table that a key of this process vouches for. */
async function endorsedRows(): Promise<Row[]> {
  const rows = unwrap(await serviceClient().from('signing_keys').select('kid, public_jwk, endorsement').order('first_used_at', { ascending: false }))
  return rows.flatMap((row) => {
    const parsed = rowSchema.safeParse(row)
    return parsed.success && isEndorsed(parsed.data) ? [parsed.data] : []
  })
}

/** At start: notes this process's keys, and lets the current one vouch for those that an earlier one vouched for. */
export async function noteSigningKeys(): Promise<void> {
  const own = publicSigningKeys()
  const current = own[0]?.kid
  const noted = await endorsedRows()
  const upToDate = new Set(noted.filter(row => row.endorsement.kid === current).map(row => row.kid))
  const due = [...own, ...noted.map(row => row.public_jwk)].filter(key => !upToDate.has(key.kid))
  if (!due.length) return
  const rows = [...new Map(due.map(key => [key.kid, { kid: key.kid, public_jwk: { ...key }, endorsement: { ...sign(endorsedText(key)) } }])).values()]
  unwrap(await serviceClient().from('signing_keys').upsert(rows, { onConflict: 'kid' }).select('kid'))
}

/** `/.well-known/jwks.json`: this process's own keys, from its secrets, the current one first; then the endorsed ones. */
export async function publishedKeys(): Promise<PublicKey[]> {
  const own = publicSigningKeys()
  const known = new Set(own.map(key => key.kid))
  return [...own, ...(await endorsedRows()).map(row => row.public_jwk).filter(key => !known.has(key.kid))]
}
