import { auditRow, byUser, type RequestInfo } from '#server/audit'
import { findConnector } from '#server/connectors/registry'
import { askAgain } from '#server/database/ask-again'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { log } from '#server/utils/log'
import { draftReceipt, signedReceipt } from './receipt'
import { removalLease } from './removal-lease'
import { revokeTokens, summaryOf, whileRefreshing, type TokenOutcome } from './revocation'
import { getIntegration } from './view'

export interface Removal {
  /** All tokens in one word. */
  revocation: TokenOutcome['outcome']
  /** A code for why they were not revoked, where there is one. */
  reason: string | null
  /** Where to revoke by hand. */
  manualUrl: string | null
  receiptId: string
}

/** In practice twice at most: a reconnect, or the last other connection to the account, came in between. */
const ROUNDS = 5

/**
 * Ends the grant at the provider, then deletes the row and all that hangs on it and leaves a signed receipt and an audit
 * entry. A provider that does not play along delays this by the bound of a revocation and does not prevent it: the person is told.
 * @throws AppError not_found, conflict (its tokens keep changing), unavailable, audit_unavailable: then it is still there
 */
export async function removeIntegration(actor: Caller, id: string, from: RequestInfo, options: EndGrantOptions = {}): Promise<Removal> {
  const { row, tokens, manualUrl } = await deleteWithReceipt(actor, id, from, options)
  try {
    await signedReceipt({ id: row.receipt_id, payload: row.payload, signature: null })
  }
  catch (error) {
    // The deed is done, and whoever reads the receipt signs it.
    log.error('receipt could not be signed', { receipt_id: row.receipt_id, error })
  }
  const revocation = summaryOf(tokens)
  const reason = tokens.find(token => token.outcome === revocation)?.reason ?? null
  return { revocation, reason, manualUrl, receiptId: row.receipt_id }
}

/**
 * The same without the signature: what is left when the process dies between the two.
 * @throws as removeIntegration
 */
export async function deleteWithReceipt(actor: Caller, id: string, from: RequestInfo, options: EndGrantOptions = {}) {
  const requestedAt = new Date()
  const integration = await getIntegration(actor, id)
  const connector = findConnector(integration.integration_type)
  const lease = removalLease(actor, id, options)
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { version, held } = await lease.take()
      const { tokens: ended, left } = await revokeTokens(connector, integration, { integrationId: id, actor: byUser(actor), from }, options)
      const tokens = held ? ended : whileRefreshing(connector, ended)

      // As the service, since nobody may delete past this function; it looks by itself whether the actor may.
      const removal = {
        p_id: id, p_organization_id: actor.organizationId, p_actor: actor.userId, p_version: version, p_left: left,
        p_receipt: await draftReceipt(actor, integration, requestedAt, tokens),
        p_audit: auditRow({
          actor: byUser(actor), action: 'integration.removed', target: { type: 'integration', id }, from,
          detail: { integration_type: integration.integration_type, name: integration.name, account: integration.external_account_id, revocation: summaryOf(tokens) },
        }),
      }
      const [row] = unwrap(await askAgain(() => serviceClient().rpc('remove_integration', removal)))
      if (!row) throw new AppError('not_found')
      if (row.outcome === 'removed') return { row, tokens, manualUrl: connector?.authorization.manualRevocationUrl ?? null }
    }
    throw new AppError('conflict', 'Its credentials keep changing at this moment. Try again.')
  }
  finally {
    await lease.release()
  }
}
