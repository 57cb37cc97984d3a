import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { afterPosition, toPage, type Position } from '#server/utils/list'
import { changeColumns, viewChange } from './health-report'

/** The changes of health that somebody should know of, in the whole organization, newest first. */
export async function listAlerts(actor: Caller, page: { limit: number, cursor?: Position }) {
  let query = actor.client.from('health_changes').select(`${changeColumns}, integration_id, integrations(name, integration_type)`)
    .eq('organization_id', actor.organizationId).not('alert', 'is', null)
  if (page.cursor) query = query.or(afterPosition('at', page.cursor))
  const rows = unwrap(await query.order('at', { ascending: false }).order('id', { ascending: false }).limit(page.limit + 1))
  return toPage(rows, page.limit, row => row.at, ({ integrations, ...row }) => ({
    ...viewChange(row),
    integration_name: integrations?.name ?? '',
    integration_type: integrations?.integration_type ?? '',
  }))
}
