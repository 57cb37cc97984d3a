import type { z } from 'zod'
import { requestRow, type RequestInfo } from '#server/audit'
import type { Caller } from '#server/database/caller'
import { allChecksOf } from '#server/cross'
import { findConnector } from '#server/connectors/registry'
import { unwrap } from '#server/database/result'
import { AppError, type FieldError } from '#server/errors'
import { nextRun, scheduleFault } from '#server/utils/schedule'
import type { integrationBody } from '#shared/requests'
import { getIntegration } from './view'

export type Change = z.infer<typeof integrationBody>

/**
 * Changes what a person may change, and answers with the integration as it is then.
 * @throws AppError not_found, invalid_request (an unreadable schedule, a check that the connector does not have)
 */
export async function changeIntegration(actor: Caller, id: string, change: Change, from: RequestInfo) {
  const before = await getIntegration(actor, id)
  const errors = faults(before.integration_type, change)
  if (errors.length > 0) throw new AppError('invalid_request', undefined, { errors })

  // A schedule, or a pause that ends, is counted from now: what was missed meanwhile is not made up for.
  const restarts = change.scan_schedule !== undefined || (change.status === 'active' && before.status === 'paused')
  const changed = unwrap(await actor.client.rpc('change_integration', {
    p_id: id,
    p_organization_id: actor.organizationId,
    ...(change.name !== undefined ? { p_name: change.name } : {}),
    ...(change.status !== undefined ? { p_status: change.status } : {}),
    ...(change.scan_schedule !== undefined ? { p_scan_schedule: change.scan_schedule } : {}),
    ...(restarts ? { p_next_check_at: nextRun(change.scan_schedule ?? before.scan_schedule, new Date()) } : {}),
    ...(change.enabled_checks !== undefined ? { p_enabled_checks: [...new Set(change.enabled_checks)] } : {}),
    ...(change.scan_new_resources !== undefined ? { p_scan_new_resources: change.scan_new_resources } : {}),
    p_request: requestRow(from),
  }))
  if (!changed) throw new AppError('not_found')
  return getIntegration(actor, id)
}

function faults(integrationType: string, change: Change): FieldError[] {
  const errors: FieldError[] = []
  const schedule = change.scan_schedule === undefined ? null : scheduleFault(change.scan_schedule)
  if (schedule) errors.push({ field: 'scan_schedule', message: schedule })

  const connector = findConnector(integrationType)
  const checks = connector ? allChecksOf(connector) : []
  const known = new Set(checks.flatMap(check => [check.id, check.category]))
  change.enabled_checks?.forEach((name, index) => {
    if (!known.has(name)) errors.push({ field: `enabled_checks.${index}`, message: `${name} is neither a check nor a category of checks here` })
  })
  return errors
}
