/**
 * What a disconnect receipt looks like. Plain Node reads this file: `npm run verify-receipt` checks by it.
 *
 * DOCUMENT  the fields below, `digests` (the SHA-256 of each of them, see server/utils/canonical-json.ts) and `signature`
 *           (Ed25519, server/utils/signing.ts) over the digests: whoever checks it can say which field was altered.
 */
import { z } from 'zod'
import type { Digests } from '#server/utils/canonical-json'

export const receiptFormat = 'allyship-disconnect-receipt/1'

const count = z.number().int().nonnegative()
/** In the order in which they are printed: the database keeps none. */
export const payloadSchema = z.strictObject({
  format: z.literal(receiptFormat),
  id: z.uuid(),
  issuer: z.string(),
  organization: z.strictObject({ id: z.uuid(), name: z.string() }),
  integration: z.strictObject({
    id: z.uuid(), type: z.string(), name: z.string(), account: z.strictObject({ id: z.string(), name: z.string() }),
    connected_at: z.string(), sandbox: z.boolean(),
  }),
  actor: z.strictObject({ type: z.literal('user'), id: z.uuid(), email: z.string() }),
  requested_at: z.string(),
  tokens: z.array(z.strictObject({
    slot: z.string(), token: z.enum(['access_token', 'refresh_token']), outcome: z.enum(['revoked', 'already_gone', 'not_supported', 'failed']),
    attempts: count, at: z.string(), reason: z.string().optional(), manual_url: z.string().optional(),
  })),
  deleted: z.strictObject({ credentials: count, resources: count, assessments: count, results: count, findings: count, at: z.string() }),
  remains: z.array(z.string()),
})
export const signatureSchema = z.strictObject({ alg: z.literal('Ed25519'), kid: z.string(), value: z.string() })
export const digestsSchema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))

export type ReceiptPayload = z.infer<typeof payloadSchema>
export type Receipt = ReceiptPayload & { digests: Digests, signature: z.infer<typeof signatureSchema> }
