import { requestRow, type RequestInfo } from '#server/audit'
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { enqueue } from '#server/queue'

/**
 * A person asks for a scan.
 * @returns the new assessment's id
 * @throws AppError not_found, scan_in_progress with the open assessment's id
 */
export async function requestScan(actor: Caller, integrationId: string, from: RequestInfo): Promise<string> {
  const [outcome] = unwrap(await actor.client.rpc('request_scan', {
    p_integration_id: integrationId, p_organization_id: actor.organizationId, p_request: requestRow(from),
  }))
  if (!outcome) throw new AppError('not_found')
  if (!outcome.created) throw new AppError('scan_in_progress', undefined, { extra: { assessment_id: outcome.assessment_id } })
  await enqueue('scan.run', outcome.assessment_id, { assessment_id: outcome.assessment_id })
  return outcome.assessment_id
}
