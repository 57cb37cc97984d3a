/**
 * What the grant reaches changes without a word from the provider: it is listed anew, page by page into the database. When the
 * list can't be had, the known resources are asked all the same, with the grant's own token: each check then says for itself what
 * it could not verify, and the assessment says that there was no list. Tokens that rest on no person are made after a list only.
 */
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { outOfReach, ProviderError, type ProviderErrorKind } from '#server/errors'
import { noteDisabled } from '#server/integrations/api-verdict'
import type { BeginMinting } from '#server/integrations/credentials'
import { noteFacts } from '#server/integrations/facts'
import { resourceRows } from '#server/integrations/resources'
import type { IntegrationRow } from '#server/integrations/row'
import { log } from '#server/utils/log'
import type { Lease } from './lease'
import { planScan } from './plan'
import { refusingReader } from './reader'

/** Resources that are written at once. */
const PAGE = 100
/** Down is down, and shut is shut: asking every check's question would cost as many time limits, or refusals. */
const hopeless: readonly ProviderErrorKind[] = ['unreachable', 'timeout', 'role_refused', 'application_refused', 'installation_disabled']

/**
 * @param begin as `withApi` hands it out: tokens of the operator's key are made after a list of this run only
 * @returns what the checks are to ask with @throws LimitReached, CredentialError
 */
export async function relist(api: ApiReader, row: IntegrationRow, lease: Lease, begin: BeginMinting | null): Promise<ApiReader> {
  const missing = planScan(row).missing(row.connector.discovery)
  if (missing.length > 0) {
    log.warn('resources may not be listed', { integration_id: row.id, missing })
    await lease.note(notListed)
    return api
  }
  try {
    await list(api, row, lease)
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn('resources could not be listed', { integration_id: row.id, kind: error.kind, call: error.call })
    const gone = begin !== null && outOfReach.includes(error.kind)
    await lease.note(gone ? notReached : notListed)
    if (gone) return withdrawn(error)
    if (error.kind === 'installation_disabled') await noteDisabled(row, error)
    return hopeless.includes(error.kind) ? refusingReader(error) : api
  }
  return resume(api, row, begin)
}

/**
 * Once there is a list. It may be of an earlier run, hours ago: what the grant reaches is looked at again before tokens are made.
 * @returns as `relist` @throws LimitReached, CredentialError
 */
export async function resume(api: ApiReader, row: IntegrationRow, begin: BeginMinting | null): Promise<ApiReader> {
  try {
    await begin?.(api)
    return api
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn('the grant does not reach its account any more', { integration_id: row.id, kind: error.kind, call: error.call })
    return withdrawn(error)
  }
}

/** Whose grant no longer reaches the account is told nothing more of it, whatever a token that rests on no person would show. */
function withdrawn(error: ProviderError): ApiReader {
  return refusingReader(new ProviderError('account_missing', error.call, { cause: error }))
}

async function list(api: ApiReader, row: IntegrationRow, lease: Lease): Promise<void> {
  const page: ResourceDescription[] = []
  const write = async () => lease.storeListed(resourceRows(page.splice(0)))
  for await (const resource of row.connector.resources(api)) {
    if (page.push(resource) === PAGE) await write()
  }
  if (page.length > 0) await write()
  const outcome = await lease.endListing({ empty: nothingListed, partly: kindNotListed })
  if (outcome !== 'listed') log.warn('the provider listed nothing where there were resources', { integration_id: row.id, listed: outcome })
  // Whatever the provider had told us of it.
  if (outcome !== 'empty' && row.status !== 'active') unwrap(await serviceClient().rpc('note_reached', { p_id: row.id }))
  await lookAtAccount(api, row)
}

/** A grant that has facts may have others by now. That they can't be read takes nothing from the list. */
async function lookAtAccount(api: ApiReader, row: IntegrationRow): Promise<void> {
  if (Object.keys(row.config.facts ?? {}).length === 0) return
  try {
    await noteFacts(row, await row.connector.account(api))
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn('an account could not be read', { integration_id: row.id, kind: error.kind, call: error.call })
  }
}

const notListed = { code: 'not_listed', message: 'The provider\'s list of resources could not be read. Those that were known before were asked.' }
const notReached = { code: 'not_listed', message: 'The connection does not reach the account any more, so that nothing of it was asked. If whoever connected this has left, reconnect it.' }
const nothingListed = { code: 'nothing_listed', message: 'The provider listed nothing, though there were resources before. They were kept, and asked all the same. If whoever connected this has left, reconnect it.' }
const kindNotListed = { code: 'kind_not_listed', message: 'The provider listed none any more of a kind of which there were some before ({kinds}). They were kept, and asked all the same. If whoever connected this may no longer see them, give the access back or reconnect it; if they are gone for good, switch them off.' }
