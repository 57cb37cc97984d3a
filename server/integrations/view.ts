/** Integrations and resources as a person sees them. The columns are named: there is no privilege on `config`. */
import { z } from 'zod'
import { requestRow, type RequestInfo } from '#server/audit'
import { findConnector } from '#server/connectors/registry'
import { allChecksOf, optionalScopesOf } from '#server/cross'
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import type { Tables } from '#server/database/types'
import { AppError } from '#server/errors'
import { afterPosition, toPage, toTextPage, type Place, type Position } from '#server/utils/list'
import { scheduleInWords } from '#server/utils/schedule'
import { withIsoTimes } from '#server/utils/time'
import type { ResourceFilter, resourcesBody } from '#shared/requests'
import { healthOf } from './health'
import { scopeReport } from './scopes'

export const integrationColumns = 'id, organization_id, integration_type, name, config_metadata, status, scan_schedule, last_checked_at, next_check_at, created_at, updated_at, external_account_id, external_account_name, sandbox, last_error, last_success_at, connected_by, scan_new_resources, health_state, health_reason, health_since'

type Row = Omit<Tables<'integrations'>, 'config' | 'version' | 'refresh_due_at' | 'refresh_lease_owner' | 'refresh_lease_until' | 'refresh_slot' | 'refresh_failures' | 'credential_key_id' | 'connected_at' | 'provider_state' | 'provider_state_at' | 'webhook_scan_due_at' | 'exposure'>

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
  return scopeReport({ ...connector, checks: allChecksOf(connector), optionalScopes: optionalScopesOf(connector) }, { requested: config.scopes_requested, granted: config.scopes_granted })
}

const resourceColumns = 'id, integration_id, kind, external_id, name, enabled, awaits_choice, metadata, missing_since, created_at'
const listedSchema = z.object({
  rows: z.array(z.object({
    id: z.string(), integration_id: z.string(), kind: z.string(), external_id: z.string(), name: z.string(), enabled: z.boolean(),
    awaits_choice: z.boolean(), metadata: z.json(), missing_since: z.string().nullable(), created_at: z.string(), place: z.string(),
  })),
  counts: z.object({
    total: z.number(), enabled: z.number(), missing: z.number(), awaiting_choice: z.number(), matching: z.number(), kinds: z.record(z.string(), z.number()),
  }),
})

/** By name, with the counts of all that the integration has, and of those that match. @throws AppError not_found when there is no such integration */
export async function listResources(actor: Caller, integrationId: string, { limit, cursor, ...filter }: ResourceFilter & { limit: number, cursor?: Place }) {
  const listed = unwrap(await actor.client.rpc('list_resources', {
    p_integration_id: integrationId, p_organization_id: actor.organizationId, p_filter: { ...filter }, p_limit: limit + 1,
    ...(cursor ? { p_after_place: cursor.text, p_after_id: cursor.id } : {}),
  }))
  if (listed === null) throw new AppError('not_found')
  const { rows, counts } = listedSchema.parse(listed)
  return { ...toTextPage(rows, limit), counts }
}

/** Switches all that match on or off. @returns how many that changed @throws AppError not_found */
export async function changeResources(actor: Caller, integrationId: string, { enabled, ...filter }: z.infer<typeof resourcesBody>, from: RequestInfo) {
  const changed = unwrap(await actor.client.rpc('change_resources', {
    p_integration_id: integrationId, p_organization_id: actor.organizationId, p_filter: filter, p_enabled: enabled, p_request: requestRow(from),
  }))
  if (changed === null) throw new AppError('not_found')
  return { changed }
}

/** Switches a resource on or off. @throws AppError not_found */
export async function changeResource(actor: Caller, integrationId: string, resourceId: string, enabled: boolean, from: RequestInfo) {
  const changed = unwrap(await actor.client.rpc('change_resource', {
    p_id: resourceId, p_integration_id: integrationId, p_organization_id: actor.organizationId, p_enabled: enabled, p_request: requestRow(from),
  }))
  if (!changed) throw new AppError('not_found')
  const row = unwrap(await actor.client.from('integration_resources').select(resourceColumns)
    .eq('id', resourceId).eq('organization_id', actor.organizationId).maybeSingle())
  if (!row) throw new AppError('not_found')
  return withIsoTimes(row)
}
