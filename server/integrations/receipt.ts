/**
 * The disconnect receipt: what became of each token at the provider, what was deleted here, and when.
 *
 * DOCUMENT  the fields below, `digests` (the SHA-256 of each of them, see server/utils/canonical-json.ts) and `signature`
 *           (Ed25519, server/utils/signing.ts) over the digests: whoever checks it can say which field was altered.
 * WHEN      It is written in the transaction that deletes (`remove_integration`) and signed right after it. A crash between
 *           the two leaves it without a signature; the next one who reads it signs it.
 */
import { z } from 'zod'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError } from '#server/errors'
import { digestsOf, signedText, type Digests } from '#server/utils/canonical-json'
import { env } from '#server/utils/env'
import { sign } from '#server/utils/signing'
import type { TokenOutcome } from './revocation'
import type { getIntegration } from './view'

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
const signatureSchema = z.strictObject({ kid: z.string(), value: z.string() })

export type ReceiptPayload = z.infer<typeof payloadSchema>
export type Receipt = ReceiptPayload & { digests: Digests, signature: { alg: 'Ed25519' } & z.infer<typeof signatureSchema> }

const remains = [
  'the entries of the audit log about this integration',
  'this receipt',
  'backups of the database from before this moment, for as long as their keeper keeps them',
]

/** All that is known before the deletion; the database adds `id` and `deleted`. */
export async function draftReceipt(actor: Caller, integration: Awaited<ReturnType<typeof getIntegration>>, requestedAt: Date, tokens: TokenOutcome[]) {
  const organization = unwrap(await actor.client.from('organizations').select('id, name').eq('id', actor.organizationId).maybeSingle())
  if (!organization) throw new AppError('not_found')
  const { id, integration_type: type, name, external_account_id, external_account_name, created_at, sandbox } = integration
  return {
    format: receiptFormat,
    issuer: env().appUrl,
    organization,
    integration: { id, type, name, account: { id: external_account_id, name: external_account_name }, connected_at: created_at, sandbox },
    actor: { type: 'user', id: actor.userId, email: actor.email },
    requested_at: requestedAt.toISOString(),
    tokens,
    remains,
  } satisfies Omit<ReceiptPayload, 'id' | 'deleted'>
}

interface Row { id: string, payload: Json, signature: Json | null }

/** The document of a row, signed now if it is not yet. @throws EncryptionError when there is no key to sign with */
export async function signedReceipt(row: Row): Promise<Receipt> {
  const payload = payloadSchema.parse(row.payload)
  const digests = digestsOf(payload)
  return { ...payload, digests, signature: { alg: 'Ed25519', ...signatureSchema.parse(row.signature ?? await signRow(row.id, digests)) } }
}

async function signRow(id: string, digests: Digests): Promise<Json> {
  const { kid, signature } = sign(signedText(receiptFormat, digests))
  const mine = unwrap(await serviceClient().from('disconnect_receipts').update({ signature: { kid, value: signature } })
    .eq('id', id).is('signature', null).select('signature').maybeSingle())
  // Somebody else was faster, perhaps with another key: theirs is the receipt's.
  return mine?.signature ?? unwrap(await serviceClient().from('disconnect_receipts').select('signature').eq('id', id).single()).signature
}

/** As it is handed out: two spaces, one line for each value, so that a fault has a line. */
export function printReceipt(receipt: Receipt): string {
  return `${JSON.stringify(receipt, null, 2)}\n`
}

/** `disconnect-receipt-brightwater-labs-2026-11-22.json` */
export function receiptFileName({ integration, deleted }: Pick<ReceiptPayload, 'integration' | 'deleted'>): string {
  const name = integration.name.normalize('NFKD').replace(/[^\x20-\x7E]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  return `disconnect-receipt-${name || integration.type}-${deleted.at.slice(0, 10)}.json`
}
