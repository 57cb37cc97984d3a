/**
 * The disconnect receipt: what became of each token at the provider, what was deleted here, and when. It is written in the
 * transaction that deletes (`remove_integration`, `end_connection`) and signed right after it. A crash between the two leaves it without a
 * signature; the next one who reads it signs it.
 */
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError } from '#server/errors'
import { digestsOf, signedText, type Digests } from '#server/utils/canonical-json'
import { env } from '#server/utils/env'
import { sign } from '#server/utils/signing'
import { payloadSchema, receiptFormat, signatureSchema, type Receipt, type ReceiptPayload } from './receipt-format'
import type { TokenOutcome } from './revocation'
import type { getIntegration } from './view'

const remains = [
  'the entries of the audit log about this integration',
  'this receipt',
  'backups of the database from before this moment, for as long as their keeper keeps them',
]

/** What a receipt speaks of: an integration, or a connection that was to become one. */
type Receipted = Pick<Awaited<ReturnType<typeof getIntegration>>, 'id' | 'integration_type' | 'name' | 'external_account_id' | 'external_account_name' | 'created_at' | 'sandbox'>

/** All that is known before the deletion; the database adds `id` and `deleted`. */
export async function draftReceipt(actor: Caller, integration: Receipted, requestedAt: Date, tokens: TokenOutcome[]) {
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
  return { ...payload, digests, signature: signatureSchema.parse(row.signature ?? await signRow(row.id, digests)) }
}

async function signRow(id: string, digests: Digests): Promise<Json> {
  const { kid, signature } = sign(signedText(receiptFormat, digests))
  const mine = unwrap(await serviceClient().from('disconnect_receipts').update({ signature: { alg: 'Ed25519', kid, value: signature } })
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
