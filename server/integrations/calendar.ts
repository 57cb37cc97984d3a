/**
 * Calendar feeds: an address per organization, for calendar apps, which cannot sign in. The address is a capability of 256
 * random bits; it is shown once and kept as a hash. Whoever holds it reads names and dates, nothing else.
 */
import { createHash, randomBytes } from 'node:crypto'
import { requestRow, type RequestInfo } from '#server/audit'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { everyRow, FIRST_ID, ROWS } from '#server/database/every-row'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { env } from '#server/utils/env'
import { withIsoTimes } from '#server/utils/time'
import { calendarFile, type CalendarEntry } from './calendar-file'
import { forecastOf, outlookColumns, type OutlookRow } from './outlook'

const columns = 'id, created_at, last_read_at'

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Null: there is none. */
export async function findCalendar(actor: Caller) {
  const row = unwrap(await actor.client.from('calendar_feeds').select(columns).eq('organization_id', actor.organizationId).maybeSingle())
  return row && withIsoTimes(row)
}

/**
 * A new address, in place of the one before, which ends. @returns it, this once
 * @throws AppError conflict: somebody else made one at the same moment
 */
export async function makeCalendar(actor: Caller, from: RequestInfo) {
  const token = randomBytes(32).toString('base64url')
  const [made] = unwrap(await actor.client.rpc('make_calendar_feed', {
    p_organization_id: actor.organizationId, p_token_hash: hash(token), p_request: requestRow(from),
  }))
  if (!made) throw new AppError('conflict', 'Somebody else made a calendar address at the same moment.')
  return { ...withIsoTimes(made), url: `${env().appUrl}/api/calendar/${token}.ics` }
}

/** @returns the feed's id. @throws AppError not_found */
export async function revokeCalendar(actor: Caller, from: RequestInfo): Promise<string> {
  const id = unwrap(await actor.client.rpc('revoke_calendar_feed', { p_organization_id: actor.organizationId, p_request: requestRow(from) }))
  if (!id) throw new AppError('not_found')
  return id
}

/** What the address shows. With the service role: nobody is signed in. @param file `<token>.ics` @throws AppError not_found */
export async function readCalendar(file: string, now = new Date()): Promise<string> {
  const token = /^([\w-]{43})\.ics$/.exec(file)?.[1]
  if (!token) throw new AppError('not_found')
  const service = serviceClient()
  const [feed] = unwrap(await service.from('calendar_feeds').update({ last_read_at: now.toISOString() })
    .eq('token_hash', hash(token)).select('organization_id'))
  if (!feed) throw new AppError('not_found')
  const organization = unwrap(await service.from('organizations').select('name').eq('id', feed.organization_id).single())
  return calendarFile(organization.name, await entries(feed.organization_id), `${env().appUrl}/integrations`, now)
}

async function entries(organizationId: string): Promise<CalendarEntry[]> {
  const service = serviceClient()
  const members = await everyRow<{ user_id: string }>(last => service.from('user_organizations').select('user_id')
    .eq('organization_id', organizationId).gt('user_id', last?.user_id ?? FIRST_ID).order('user_id').limit(ROWS))
  const ids = new Set(members.map(member => member.user_id))
  const rows = await everyRow<OutlookRow & { id: string, name: string }>(last => service.from('integrations').select(`id, name, ${outlookColumns}`)
    .eq('organization_id', organizationId).gt('id', last?.id ?? FIRST_ID).order('id').limit(ROWS))
  return rows.map(row => ({ integrationId: row.id, name: row.name, forecast: forecastOf(row, ids) }))
}
