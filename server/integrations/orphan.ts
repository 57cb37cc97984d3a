/** Tokens that came for an integration that was removed while they were on their way. */
import type { TokenSet } from '#server/connectors/contract'
import { endGrant } from '#server/oauth/revoke'
import { log } from '#server/utils/log'
import { clientFor } from './client'
import { endUnlessShared } from './installation'
import type { IntegrationRow } from './row'

/**
 * Ends them at the provider, as well as that can be done: nothing knows them any more. Only for a row that is gone: after a
 * reconnect, ending the old tokens could end the new grant with them. Never rejects.
 * @param row as it was
 * @param tokens of one of its slots
 */
export async function endOrphan(row: IntegrationRow, tokens: TokenSet): Promise<void> {
  try {
    const { connector, sandbox, config: { facts } } = row
    const ended = await endUnlessShared({ connector, accountId: row.externalAccountId, sandbox }, () =>
      endGrant(clientFor(connector, sandbox), { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken, facts }))
    const { outcome, attempts, reason } = ended ?? { outcome: 'not_supported' as const, attempts: 0, reason: 'shared_installation' }
    const level = outcome === 'failed' || outcome === 'not_supported' ? 'warn' : 'info'
    log[level]('tokens of an integration that was removed meanwhile were ended at the provider', { integration_id: row.id, provider: row.connector.id, outcome, attempts, reason })
  }
  catch (error) {
    log.error('tokens of an integration that was removed meanwhile could not be ended', { integration_id: row.id, provider: row.connector.id, error })
  }
}
