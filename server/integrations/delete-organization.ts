import { auditRow, byUser, type RequestInfo } from '#server/audit'
import { askAgain } from '#server/database/ask-again'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { closeConnections, endConnections } from './pending-end'
import type { Receipt } from './receipt-format'
import { allReceipts } from './receipts'
import { removeIntegration } from './remove'

/** Integrations that are removed at once. */
const AT_ONCE = 6
/** Milliseconds for all revocations together; what is left then is deleted all the same, and its receipt says so. */
const BUDGET_MS = 45_000

/**
 * Ends every grant, also of connections that wait for a word, deletes the organization with all that hangs on it, its data
 * key included, and hands out its receipts: afterwards nobody may read them. The audit log stays.
 * @throws AppError not_found (not an owner any more), conflict (somebody keeps connecting services meanwhile), unavailable,
 *   audit_unavailable
 */
export async function deleteOrganization(owner: Caller, from: RequestInfo, options: EndGrantOptions = {}): Promise<Receipt[]> {
  const deadline = (options.now ?? Date.now)() + BUDGET_MS
  for (let round = 0; round < 5; round++) {
    await closeConnections(owner.organizationId)
    await removeAll(owner, from, { ...options, deadline })
    await endConnections(owner, from, { ...options, deadline })
    // Before the deletion: a crash after it must not leave them unsigned where nobody can read them.
    const receipts = await allReceipts(owner)
    const deletion = { p_id: owner.organizationId, p_actor: owner.userId, p_audit: entry(owner, receipts, from) }
    const outcome = unwrap(await askAgain(() => serviceClient().rpc('delete_organization', deletion)))
    if (outcome === 'not_found') throw new AppError('not_found')
    if (outcome === 'deleted') return receipts
  }
  throw new AppError('conflict', 'Services are being connected to it at this moment. Try again.')
}

/** Which access is left at a provider stands in the log too, for whoever keeps that. */
function entry(owner: Caller, receipts: readonly Receipt[], from: RequestInfo) {
  const left = receipts.filter(({ tokens }) => tokens.some(({ outcome }) => outcome === 'failed' || outcome === 'not_supported'))
  return auditRow({
    actor: byUser(owner), action: 'organization.deleted', target: { type: 'organization', id: owner.organizationId }, from,
    detail: { receipts: receipts.length, not_revoked: left.map(receipt => receipt.id) },
  })
}

async function removeAll(owner: Caller, from: RequestInfo, options: EndGrantOptions): Promise<void> {
  const rows = unwrap(await owner.client.from('integrations').select('id').eq('organization_id', owner.organizationId).order('id').limit(1_000))
  const waiting = rows.map(row => row.id)
  const takeTurns = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await removeOne(owner, id, from, options)
  }
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, takeTurns))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

async function removeOne(owner: Caller, id: string, from: RequestInfo, options: EndGrantOptions): Promise<void> {
  try {
    await removeIntegration(owner, id, from, options)
  }
  catch (error) {
    // Removed by somebody else meanwhile.
    if (!(error instanceof AppError) || error.code !== 'not_found') throw error
  }
}
