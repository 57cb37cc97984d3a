/** The health of one integration as a person reads it: the state, what is to come, and what was. */
import { z } from 'zod'
import type { Caller } from '#server/database/caller'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { isoTime, withIsoTimes } from '#server/utils/time'
import { healthAlerts } from '#shared/vocabulary'
import { SENT_LEASE_SECONDS } from './begun'
import { healthOf, healthState } from './health'
import { wordsOf } from './health-reasons'
import { forecastOf, outlookColumns } from './outlook'

const CHANGES = 50
const RENEWALS = 20
export const changeColumns = 'id, from_state, to_state, from_reason, reason, alert, at'

interface ChangeRow { id: string, from_state: string | null, to_state: string, from_reason: string | null, reason: string, alert: string | null, at: string }

const alertSchema = z.enum(healthAlerts).nullable()
const lastErrorSchema = z.object({ class: z.string() }).nullable().catch(null)

/** A line of the timeline, with the words for what it came to. */
export function viewChange({ at, ...row }: ChangeRow) {
  const to_state = healthState(row.to_state)
  return {
    ...row,
    from_state: row.from_state === null ? null : healthState(row.from_state),
    to_state,
    alert: alertSchema.parse(row.alert),
    sentence: wordsOf(to_state, row.reason).sentence,
    at: isoTime(at),
  }
}

const failureSchema = z.object({ class: z.string(), code: z.string() }).nullable().catch(null)

/**
 * The newest attempts to renew the credentials. `uncertain`: the answer was lost with the process that waited for it, also
 * where nobody has come by since to say so. What was not sent yet is none.
 */
async function renewalsOf(actor: Caller, id: string, now = Date.now()) {
  const rows = unwrap(await actor.client.from('refresh_journal').select('id, slot, state, failure, sent_at, ended_at')
    .eq('organization_id', actor.organizationId).eq('integration_id', id).neq('state', 'begun')
    .order('sent_at', { ascending: false }).order('id', { ascending: false }).limit(RENEWALS))
  const abandoned = ({ state, sent_at }: { state: string, sent_at: string }) => state === 'sent' && Date.parse(sent_at) < now - SENT_LEASE_SECONDS * 1000
  return rows.map(({ failure, ...row }) => ({
    ...withIsoTimes(row), state: abandoned(row) ? 'uncertain' : row.state, failure: failureSchema.parse(failure),
  }))
}

/** With the newest 50 changes, and the newest 20 renewals, newest first. @throws AppError not_found */
export async function healthReport(actor: Caller, id: string) {
  const row = unwrap(await actor.client.from('integrations').select(`${outlookColumns}, health_state, health_reason, health_since, last_error`)
    .eq('id', id).eq('organization_id', actor.organizationId).maybeSingle())
  if (!row) throw new AppError('not_found')
  const changes = unwrap(await actor.client.from('health_changes').select(changeColumns)
    .eq('organization_id', actor.organizationId).eq('integration_id', id)
    .order('at', { ascending: false }).order('id', { ascending: false }).limit(CHANGES))
  const members = row.connected_by === null ? [] : unwrap(await actor.client.from('user_organizations').select('user_id')
    .eq('organization_id', actor.organizationId).eq('user_id', row.connected_by))
  return {
    ...healthOf({ ...row, last_error: lastErrorSchema.parse(row.last_error) }),
    ...withIsoTimes({ last_success_at: row.last_success_at }),
    forecast: forecastOf(row, new Set(members.map(member => member.user_id))),
    changes: changes.map(viewChange),
    renewals: await renewalsOf(actor, id),
  }
}
