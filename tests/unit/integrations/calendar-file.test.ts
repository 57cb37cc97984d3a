import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { calendarFile } from '#server/integrations/calendar-file'
import type { Forecast, ForecastItem } from '#server/integrations/forecast'
import { readCalendarFile } from '../../support/calendar.ts'

const now = new Date('2026-01-01T00:00:00Z')
const link = 'https://app.example.com/integrations'
const item = (cause: ForecastItem['cause'], at: string | null): ForecastItem => ({ cause, at, sentence: 'The provider ends it; reconnect, please.', certain: true })
const of = (...causes: ForecastItem[]): Forecast => ({ ends_at: causes[0]?.at ?? null, causes })
const file = (name: string, forecast: Forecast, integrationId: string = randomUUID(), organization = 'Acme') => calendarFile(organization, [{ integrationId, name, forecast }], link, now)

describe('calendarFile', () => {
  it('has an event for each cause with a date, with an alarm two weeks before, and none without', () => {
    const calendar = readCalendarFile(file('Production', of(item('refresh_token_end', '2026-06-01T10:00:00.000Z'), item('application_secret_end', '2026-07-01T00:00:00.000Z'), item('connected_by_left', null))))
    expect(calendar).toMatchObject({ name: 'VCALENDAR', properties: { 'VERSION': '2.0', 'X-WR-CALNAME': 'Connections of Acme' } })
    expect(calendar.children.map(event => event.properties)).toMatchObject([
      { 'SUMMARY': 'Production: connection ends', 'DTSTART': '20260601T100000Z', 'DTEND': '20260601T103000Z', 'DTSTAMP': '20260101T000000Z', 'URL;VALUE=URI': link, 'TRANSP': 'TRANSPARENT' },
      { 'SUMMARY': 'Production: client secret ends', 'DTSTART;VALUE=DATE': '20260701', 'DESCRIPTION': 'The provider ends it; reconnect, please.' },
    ])
    for (const event of calendar.children) expect(event.children).toMatchObject([{ name: 'VALARM', properties: { ACTION: 'DISPLAY', TRIGGER: '-P14D' } }])
  })

  it('is a whole calendar with nothing in it', () => {
    expect(readCalendarFile(calendarFile('Acme', [], link, now)).children).toEqual([])
  })

  it('keeps the id of an event when its time moves, and gives every other one its own', () => {
    const [a, b] = [randomUUID(), randomUUID()]
    const uids = (id: string, at: string) => readCalendarFile(file('Any', of(item('refresh_token_end', at), item('idle_limit', at)), id)).children.map(event => event.properties.UID)
    expect(uids(a, '2026-06-01T10:00:00Z')).toEqual(uids(a, '2026-07-01T10:00:00Z'))
    expect(new Set([...uids(a, '2026-06-01T10:00:00Z'), ...uids(b, '2026-06-01T10:00:00Z')]).size).toBe(4)
  })

  it('names no id of ours', () => {
    const id = randomUUID()
    expect(file('Any', of(item('idle_limit', '2026-06-01T10:00:00Z')), id)).not.toContain(id.slice(0, 8))
  })

  it.each(['a, b; c\\d: "e"', 'one\nEND:VEVENT\r\nBEGIN:VEVENT', 'ü😀'.repeat(30), '\u0000\u0007x', '\\', '=;:', 'x'.repeat(100)])('takes %j for a name, of an integration and of an organization', (name) => {
    const calendar = readCalendarFile(file(name, of(item('idle_limit', '2026-06-01T10:00:00Z')), undefined, name))
    const shown = name.replace(/\p{Cc}+/gu, ' ')
    expect(calendar.children).toHaveLength(1)
    expect(calendar.children[0]?.properties.SUMMARY).toBe(`${shown}: connection ends if it is not used`)
    expect(calendar.properties['X-WR-CALNAME']).toBe(`Connections of ${shown}`)
  })
})
