import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { afterPosition, toPage, type Position } from '#server/utils/list'

/** Newest first. Row level security leaves it to owners and admins. */
export async function listAudit(caller: Caller, filter: { limit: number, cursor?: Position, integration_id?: string }) {
  let query = caller.client.from('audit_log').select('*').eq('organization_id', caller.organizationId)
  if (filter.integration_id) query = query.eq('target_id', filter.integration_id)
  if (filter.cursor) query = query.or(afterPosition('created_at', filter.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(filter.limit + 1))
  return toPage(rows, filter.limit, row => row.created_at, row => ({
    id: row.id,
    seq: row.seq,
    action: row.action,
    actor: { type: row.actor_type, id: row.actor_id, email: row.actor_email },
    target: row.target_type && row.target_id ? { type: row.target_type, id: row.target_id } : null,
    detail: row.detail,
    ip: row.ip,
    request_id: row.request_id,
    created_at: row.created_at,
  }))
}
