/** The facts of a grant (see `GrantFacts`), kept as the provider shows them. */
import type { ExternalAccount } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { IntegrationRow } from './row'

/**
 * Notes what reading the account has shown, if it is this row's account and the row is still of the version that was read with:
 * what overtook it is newer. Nothing is written where nothing is new.
 */
export async function noteFacts({ id, version, externalAccountId }: IntegrationRow, { id: accountId, facts = {} }: ExternalAccount): Promise<void> {
  if (accountId !== externalAccountId || Object.keys(facts).length === 0) return
  unwrap(await serviceClient().rpc('note_facts', { p_id: id, p_version: version, p_facts: { ...facts } }))
}
