/** Assessments, findings and the overview as a person sees them. */
import { z } from 'zod'
import type { Caller } from '#server/database/caller'
import type { CheckDescription } from '#server/connectors/contract'
import { allChecksOf } from '#server/cross'
import { findConnector } from '#server/connectors/registry'
import { ROWS } from '#server/database/every-row'
import { unwrap } from '#server/database/result'
import type { Tables } from '#server/database/types'
import { AppError } from '#server/errors'
import { afterPosition, afterRankedPosition, toPage, type Position } from '#server/utils/list'
import { withIsoTimes } from '#server/utils/time'

const columns = 'id, integration_id, trigger, status, progress_done, progress_total, score, counts, error, notice, paused_until, created_at, started_at, finished_at'
type Row = Omit<Tables<'assessments'>, 'organization_id' | 'requested_by' | 'lease_owner' | 'lease_until' | 'resource_cursor' | 'listed_at' | 'paused_seconds'>

const countsSchema = z.object({ pass: z.number(), fail: z.number(), error: z.number(), not_applicable: z.number() })

function viewAssessment({ progress_done, progress_total, counts, ...row }: Row) {
  return { ...row, progress: { done: progress_done, total: progress_total }, counts: countsSchema.parse(counts) }
}

/** Newest first. */
export async function listAssessments(actor: Caller, filter: { limit: number, cursor?: Position, integration_id?: string, status?: string }) {
  let query = actor.client.from('assessments').select(columns).eq('organization_id', actor.organizationId)
  if (filter.integration_id) query = query.eq('integration_id', filter.integration_id)
  if (filter.status) query = query.eq('status', filter.status)
  if (filter.cursor) query = query.or(afterPosition('created_at', filter.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(filter.limit + 1))
  return toPage(rows, filter.limit, row => row.created_at, viewAssessment)
}

/** With its results: none before it is completed. @throws AppError not_found */
export async function getAssessment(actor: Caller, id: string) {
  const row = unwrap(await actor.client.from('assessments').select(columns)
    .eq('id', id).eq('organization_id', actor.organizationId).maybeSingle())
  if (!row) throw new AppError('not_found')
  return { ...withIsoTimes(viewAssessment(row)), results: row.status === 'completed' ? await results(actor, id) : [] }
}

/** In portions, as the data API has them; they do not change any more. */
async function results(actor: Caller, assessmentId: string) {
  const all = []
  for (let from = 0; ;) {
    const rows = unwrap(await actor.client.from('assessment_results')
      .select('check_id, resource_id, verdict, severity, category, summary, evidence, checked_at, integration_resources(name)')
      .eq('organization_id', actor.organizationId).eq('assessment_id', assessmentId)
      .order('resource_id').order('check_id').range(from, from + ROWS - 1))
    if (rows.length === 0) return all
    all.push(...rows.map(({ integration_resources: resource, ...row }) => withIsoTimes({ ...row, resource_name: resource?.name ?? '' })))
    from += rows.length
  }
}

export interface FindingFilter { limit: number, cursor?: Position, status?: string, severity?: string, integration_id?: string }

/** Most severe first, newest first among equals. `stale`: what it says could not be looked at again since. */
export async function listFindings(actor: Caller, filter: FindingFilter) {
  let query = actor.client.from('findings')
    .select('id, integration_id, resource_id, check_id, severity, severity_rank, category, status, summary, evidence, first_seen_at, last_seen_at, resolved_at, resolution, integrations(integration_type, status), integration_resources(name, enabled, missing_since)')
    .eq('organization_id', actor.organizationId)
  if (filter.integration_id) query = query.eq('integration_id', filter.integration_id)
  if (filter.status) query = query.eq('status', filter.status)
  if (filter.severity) query = query.eq('severity', filter.severity)
  if (filter.cursor) query = query.or(afterRankedPosition('severity_rank', 'last_seen_at', filter.cursor))
  const rows = unwrap(await query.order('severity_rank').order('last_seen_at', { ascending: false }).order('id', { ascending: false }).limit(filter.limit + 1))
  return toPage(rows, filter.limit, row => row.last_seen_at, ({ integrations, integration_resources: resource, severity_rank: _, ...row }) => {
    const check = described(integrations?.integration_type, row.check_id)
    return {
      ...row,
      resource_name: resource?.name ?? '',
      title: check?.title ?? row.check_id,
      rationale: check?.rationale ?? '',
      remediation: check?.remediation ?? null,
      stale: row.status === 'open' && (integrations?.status !== 'active' || resource?.enabled === false || Boolean(resource?.missing_since)),
    }
  }, row => row.severity_rank)
}

function described(integrationType: string | undefined, checkId: string): CheckDescription | undefined {
  const connector = findConnector(integrationType ?? '')
  return connector && allChecksOf(connector).find(known => known.id === checkId)
}

const overviewSchema = z.object({
  score: z.number().nullable(),
  counts: countsSchema,
  findings: z.object({ critical: z.number(), high: z.number(), medium: z.number(), low: z.number() }),
  last_scan_at: z.string().nullable(),
  next_scan_at: z.string().nullable(),
  integrations: z.object({ total: z.number(), healthy: z.number(), degraded: z.number(), action_required: z.number(), unknown: z.number(), paused: z.number() }),
})

export async function overview(actor: Caller) {
  return withIsoTimes(overviewSchema.parse(unwrap(await actor.client.rpc('overview', { p_organization_id: actor.organizationId }))))
}
