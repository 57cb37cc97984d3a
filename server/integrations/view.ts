/** Integrations and resources as a person sees them. The columns are named: there is no privilege on `config`. */
import { z } from 'zod'
import { findConnector } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import type { Tables } from '#server/database/types'
import { AppError } from '#server/errors'
import { afterPosition, toPage, type Position } from '#server/utils/list'
import { scheduleInWords } from '#server/utils/schedule'
import { withIsoTimes } from '#server/utils/time'
import { healthOf } from './health'
import { scopeReport } from './scopes'

export const integrationColumns = 'id, organization_id, integration_type, name, config_metadata, status, scan_schedule, last_checked_at, next_check_at, created_at, updated_at, external_account_id, external_account_name, sandbox, last_error, last_success_at, connected_by, health_state, health_reason, health_since'

type Row = Omit<Tables<'integrations'>, 'config' | 'version' | 'refresh_due_at' | 'refresh_lease_owner' | 'refresh_lease_until' | 'refresh_slot' | 'refresh_failures' | 'credential_key_id' | 'connected_at' | 'provider_state' | 'provider_state_at' | 'webhook_scan_due_at'>

const metadataSchema = z.object({
  project_id: z.string().nullish().default(null),
  project_name: z.string().nullish().default(null),
  expires_at: z.string().nullish().default(null),
  scopes_requested: z.array(z.string()).nullish().default(null),
  scopes_granted: z.array(z.string()).nullish().default(null),
  enabled_checks: z.array(z.string()).default([]),
})
const lastErrorSchema = z.object({ class: z.string(), code: z.string(), message: z.string(), at: z.string() }).nullable().catch(null)

export function viewIntegration({ config_metadata, health_state, health_reason, health_since, ...row }: Row) {
  const last_error = lastErrorSchema.parse(row.last_error)
  return {
    ...row,
    schedule_text: scheduleInWords(row.scan_schedule),
    last_error,
    health: healthOf({ health_state, health_reason, health_since, last_success_at: row.last_success_at, last_error }),
    config: metadataSchema.parse(config_metadata),
  }
}

export interface IntegrationFilter { limit: number, cursor?: Position, status?: string, integration_type?: string }

/** Newest first. */
export async function listIntegrations(actor: Caller, filter: IntegrationFilter) {
  let query = actor.client.from('integrations').select(integrationColumns).eq('organization_id', actor.organizationId)
  if (filter.status) query = query.eq('status', filter.status)
  if (filter.integration_type) query = query.eq('integration_type', filter.integration_type)
  if (filter.cursor) query = query.or(afterPosition('created_at', filter.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(filter.limit + 1))
  return toPage(rows, filter.limit, row => row.created_at, viewIntegration)
}

/** @throws AppError not_found: also for another organization's */
export async function getIntegration(actor: Caller, id: string) {
  const row = unwrap(await actor.client.from('integrations').select(integrationColumns)
    .eq('id', id).eq('organization_id', actor.organizationId).maybeSingle())
  if (!row) throw new AppError('not_found')
  return withIsoTimes(viewIntegration(row))
}

/** What its grant may do, and what rests on that. @throws AppError not_found */
export async function getScopes(actor: Caller, id: string) {
  const { integration_type, config } = await getIntegration(actor, id)
  const connector = findConnector(integration_type)
  if (!connector) throw new AppError('not_found')
  return scopeReport(connector, { requested: config.scopes_requested, granted: config.scopes_granted })
}

const resourceColumns = 'id, integration_id, kind, external_id, name, enabled, metadata, missing_since, created_at'

/** Newest first. @throws AppError not_found when there is no such integration */
export async function listResources(actor: Caller, integrationId: string, page: { limit: number, cursor?: Position }) {
  await getIntegration(actor, integrationId)
  let query = actor.client.from('integration_resources').select(resourceColumns)
    .eq('organization_id', actor.organizationId).eq('integration_id', integrationId)
  if (page.cursor) query = query.or(afterPosition('created_at', page.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(page.limit + 1))
  return toPage(rows, page.limit, row => row.created_at, row => row)
}

/** Switches a resource on or off. @throws AppError not_found */
export async function changeResource(actor: Caller, integrationId: string, resourceId: string, enabled: boolean) {
  const row = unwrap(await actor.client.from('integration_resources').update({ enabled })
    .eq('id', resourceId).eq('integration_id', integrationId).eq('organization_id', actor.organizationId)
    .select(resourceColumns).maybeSingle())
  if (!row) throw new AppError('not_found')
  return withIsoTimes(row)
}
