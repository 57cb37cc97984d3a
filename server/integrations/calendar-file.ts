/**
 * Forecasts as an iCalendar file (RFC 5545), for calendar apps. It leaves the house under an address that anybody may
 * hold: names and dates stand in it, no credential, and no id of ours.
 */
import { createHash } from 'node:crypto'
import ical, { ICalAlarmType, ICalEventTransparency } from 'ical-generator'
import type { Forecast } from './forecast'

const DAY_SECONDS = 24 * 3600
/** Long enough to find the person who can reconnect. */
const AHEAD_SECONDS = 14 * DAY_SECONDS
const LASTS_MS = 30 * 60 * 1000

export interface CalendarEntry {
  /** Never written: the events' ids are made from it. */
  integrationId: string
  name: string
  forecast: Forecast
}

const titles: Record<Forecast['causes'][number]['cause'], string> = {
  refresh_token_end: 'connection ends',
  access_token_end: 'connection ends',
  idle_limit: 'connection ends if it is not used',
  application_secret_end: 'client secret ends',
  connected_by_left: 'who connected it has left',
}

/** One event for each cause that has a date. */
export function calendarFile(organization: string, entries: readonly CalendarEntry[], link: string, now: Date): string {
  // The library writes this one as it is: a line break in it would begin a line of its own.
  const name = `Connections of ${organization}`.replace(/\p{Cc}+/gu, ' ').replace(/[\\;,]/g, '\\$&')
  const calendar = ical({ name, prodId: { company: 'AllyShip', product: 'Integrations', language: 'EN' }, ttl: DAY_SECONDS / 4 })
  for (const { integrationId, name, forecast } of entries) {
    for (const { cause, at, sentence } of forecast.causes) {
      if (at === null) continue
      const start = new Date(at)
      const summary = `${plain(name)}: ${titles[cause]}`
      const event = calendar.createEvent({
        id: uid(integrationId, cause),
        stamp: now,
        start,
        // A day that somebody named is that day; what a clock counts down to is a moment.
        ...(cause === 'application_secret_end' && start.getTime() % (DAY_SECONDS * 1000) === 0 ? { allDay: true } : { end: new Date(start.getTime() + LASTS_MS) }),
        summary,
        description: sentence,
        url: link,
        transparency: ICalEventTransparency.TRANSPARENT,
      })
      event.createAlarm({ type: ICalAlarmType.display, triggerBefore: AHEAD_SECONDS, description: summary })
    }
  }
  return calendar.toString()
}

/** The same event keeps its id when its time moves. */
function uid(integrationId: string, cause: string): string {
  return `${createHash('sha256').update(`${integrationId} ${cause}`).digest('hex').slice(0, 32)}@allyship-integrations`
}

function plain(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
