/**
 * Some providers know one authorization for an account and this application, however many people of however many
 * organizations gave it: ending it for one ends it for all. So such a call is made only while nothing else rests on the
 * account, of anybody. The database decides that under one lock for each account, and remembers the call: a grant that was
 * given before its end is not stored any more (`access_ended`), since it may be dead.
 */
import type { Connector } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { log } from '#server/utils/log'

/** Seconds, for a process that dies in the middle: longer than opening a credential and all attempts to revoke it. */
const ENDING_SECONDS = 60

export interface Installation {
  connector: Connector
  /** The provider's id of the account; null when it could not be read: then whatever rests on any account counts. */
  accountId: string | null
  sandbox: boolean
  /** What leaves: it does not count as resting. */
  integrationId?: string
  connectionId?: string
}

/**
 * @param end makes the call
 * @returns what `end` returns; null when it was not called, since something else rests on the account
 */
export async function endUnlessShared<T>(installation: Installation, end: () => Promise<T>): Promise<T | null> {
  const { connector, accountId, sandbox, integrationId, connectionId } = installation
  if (connector.authorization.revocation?.ends !== 'installation') return end()
  const ending: string | null = unwrap(await serviceClient().rpc('begin_ending', {
    p_integration_type: connector.id, p_sandbox: sandbox, p_seconds: ENDING_SECONDS,
    ...(accountId === null ? {} : { p_account: accountId }),
    ...(integrationId === undefined ? {} : { p_integration_id: integrationId }),
    ...(connectionId === undefined ? {} : { p_connection_id: connectionId }),
  }))
  if (ending === null) return null
  try {
    return await end()
  }
  finally {
    const { error } = await serviceClient().rpc('finish_ending', { p_id: ending })
    if (error) log.warn('the end of a revocation could not be written: connecting that account is refused for a minute', { integration_type: connector.id, error })
  }
}
