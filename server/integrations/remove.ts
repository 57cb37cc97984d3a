import { byUser, noteAudit, type RequestInfo } from '#server/audit'
import type { Caller } from '#server/database/caller'
import { findConnector } from '#server/connectors/registry'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { revokeGrant } from '#server/oauth/revoke'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { withStoredCredential } from './credentials'
import { getIntegration } from './view'

export interface Removal {
  revocation: 'revoked' | 'already_gone' | 'not_supported' | 'failed'
  /** Where to revoke by hand. */
  manualUrl: string | null
}

/**
 * Ends the grant at the provider, then deletes the row and all that hangs on it. A provider that does not play along
 * delays this by its time limit and does not prevent it: the person is told.
 * @throws AppError not_found
 */
export async function removeIntegration(actor: Caller, id: string, from: RequestInfo): Promise<Removal> {
  const integration = await getIntegration(actor, id)
  const revocation = await revoke(actor, id, from)
  const deleted = unwrap(await actor.client.from('integrations').delete()
    .eq('id', id).eq('organization_id', actor.organizationId).select('id'))
  if (deleted.length === 0) throw new AppError('not_found')
  await noteAudit({
    organizationId: actor.organizationId, actor: byUser(actor), action: 'integration.removed', target: { type: 'integration', id },
    detail: { integration_type: integration.integration_type, name: integration.name, account: integration.external_account_id, revocation }, from,
  })
  return { revocation, manualUrl: findConnector(integration.integration_type)?.authorization.manualRevocationUrl ?? null }
}

async function revoke(actor: Caller, id: string, from: RequestInfo): Promise<Removal['revocation']> {
  try {
    return await withStoredCredential({ integrationId: id, purpose: 'revoke', actor: byUser(actor), from }, async (secrets, row) =>
      revokeGrant(clientFor(row.connector, row.sandbox), { accessToken: secrets.accessToken, refreshToken: secrets.refreshToken ?? undefined }))
  }
  catch (error) {
    log.warn('revocation failed', { integration_id: id, error })
    return 'failed'
  }
}
