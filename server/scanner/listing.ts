/**
 * What the grant reaches changes without a word from the provider: it is listed anew, page by page into the database. When the
 * list can't be had, the known resources are asked all the same: each check then says for itself what it could not verify,
 * and the assessment says that there was no list.
 */
import type { ApiReader, ResourceDescription } from '#server/connectors/contract'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { noteDisabled } from '#server/integrations/api-verdict'
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

/** @returns what the checks are to ask with @throws LimitReached, CredentialError */
export async function relist(api: ApiReader, row: IntegrationRow, lease: Lease): Promise<ApiReader> {
  const missing = planScan(row).missing(row.connector.discovery)
  if (missing.length > 0) {
    log.warn('resources may not be listed', { integration_id: row.id, missing })
    await lease.note(notListed)
    return api
  }
  try {
    await list(api, row, lease)
    return api
  }
  catch (error) {
    if (!(error instanceof ProviderError)) throw error
    log.warn('resources could not be listed', { integration_id: row.id, kind: error.kind, call: error.call })
    await lease.note(notListed)
    if (error.kind === 'installation_disabled') await noteDisabled(row, error)
    return hopeless.includes(error.kind) ? refusingReader(error) : api
  }
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
}

const notListed = { code: 'not_listed', message: 'The provider\'s list of resources could not be read. Those that were known before were asked.' }
const nothingListed = { code: 'nothing_listed', message: 'The provider listed nothing, though there were resources before. They were kept, and asked all the same. If whoever connected this has left, reconnect it.' }
const kindNotListed = { code: 'kind_not_listed', message: 'The provider listed none any more of a kind of which there were some before ({kinds}). They were kept, and asked all the same. If whoever connected this may no longer see them, give the access back or reconnect it; if they are gone for good, switch them off.' }
