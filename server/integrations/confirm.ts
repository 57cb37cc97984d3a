/** The person's answer to "you signed in as another account". */
import { byUser, type RequestInfo } from '#server/audit'
import { findConnector } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { storeGrant } from './connect'
import { grantOf, readPending } from './pending'

const accountColumns = 'id, name, external_account_id, external_account_name, sandbox'

/** Both accounts side by side, and the integration that the new one belongs to already, if any. */
export async function viewConnection(actor: Caller, id: string) {
  const row = await readPending(actor, id)
  const integrations = () => actor.client.from('integrations').select(accountColumns).eq('organization_id', actor.organizationId)
  const wanted = row.wanted_integration_id === null ? null
    : unwrap(await integrations().eq('id', row.wanted_integration_id).maybeSingle())
  const existing = unwrap(await integrations().eq('integration_type', row.integration_type)
    .eq('external_account_id', row.external_account_id).eq('sandbox', row.sandbox).maybeSingle())
  const { external_account_id, external_account_name, sandbox } = row
  return {
    id: row.id,
    integration_type: row.integration_type,
    account_kind: findConnector(row.integration_type)?.accountKind ?? 'account',
    expires_at: new Date(row.expires_at).toISOString(),
    wanted,
    found: { external_account_id, external_account_name, sandbox },
    existing: existing && { id: existing.id, name: existing.name },
  }
}

/**
 * Stores the grant: as a new integration, or at the one that its account belongs to. The integration that was to be
 * reconnected is not touched.
 * @returns the integration's id
 * @throws AppError not_found, connection_expired, audit_unavailable
 */
export async function confirmConnection(actor: Caller, id: string, from: RequestInfo): Promise<string> {
  const { connector, grant } = await grantOf(await readPending(actor, id), byUser(actor), from)
  return storeGrant(connector, actor, grant, from, {
    write: async (connection) => {
      const assessmentId = unwrap(await askAgain(() => serviceClient().rpc('store_pending_connection', { p_pending_id: id, ...connection })))
      // Nothing stored: either somebody was faster at the integration, or this is answered already.
      if (!assessmentId) await readPending(actor, id)
      return assessmentId
    },
  })
}
