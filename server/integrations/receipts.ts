/** Reading receipts: with the reader's own client, so that row level security says whose they are. */
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { afterPosition, toPage, type Position } from '#server/utils/list'
import { signedReceipt } from './receipt'
import { payloadSchema, type Receipt } from './receipt-format'

/** Newest first, without what proves them. */
export async function listReceipts(caller: Caller, page: { limit: number, cursor?: Position }) {
  let query = caller.client.from('disconnect_receipts').select('id, payload, created_at').eq('organization_id', caller.organizationId)
  if (page.cursor) query = query.or(afterPosition('created_at', page.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(page.limit + 1))
  return toPage(rows, page.limit, row => row.created_at, (row) => {
    const { integration, actor, tokens, deleted } = payloadSchema.parse(row.payload)
    return { id: row.id, integration, actor, tokens, deleted, created_at: row.created_at }
  })
}

/** @throws AppError not_found: also for another organization's */
export async function getReceipt(caller: Caller, id: string): Promise<Receipt> {
  const row = unwrap(await caller.client.from('disconnect_receipts').select('id, payload, signature')
    .eq('id', id).eq('organization_id', caller.organizationId).maybeSingle())
  if (!row) throw new AppError('not_found')
  return signedReceipt(row)
}

const PAGE = 200

/** Every receipt of the organization, signed, the oldest first. */
export async function allReceipts(caller: Caller): Promise<Receipt[]> {
  const receipts: Receipt[] = []
  for (;;) {
    const rows = unwrap(await caller.client.from('disconnect_receipts').select('id, payload, signature').eq('organization_id', caller.organizationId)
      .order('created_at').order('id').range(receipts.length, receipts.length + PAGE - 1))
    for (const row of rows) receipts.push(await signedReceipt(row))
    if (rows.length < PAGE) return receipts
  }
}
