/** Calendar feeds: an address per organization, kept as a hash, that shows names and dates. */
import { createHash } from 'node:crypto'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { findCalendar, makeCalendar, readCalendar, revokeCalendar } from '#server/integrations/calendar'
import { loadEnv } from '#server/utils/env'
import { readCalendarFile } from '../support/calendar.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
let who: Caller

beforeAll(async () => {
  rooms = await openRooms()
  process.env.SUPABASE_CLIENT_SECRET_EXPIRES = '2031-01-31'
  loadEnv([supabase.id])
})
afterAll(async () => {
  delete process.env.SUPABASE_CLIENT_SECRET_EXPIRES
  await rooms?.close()
})
beforeEach(async () => { who = await rooms.person() })

const fileOf = (url: string) => url.split('/').at(-1) ?? ''
const read = async (url: string) => readCalendarFile(await readCalendar(fileOf(url)))
const missing = expect.objectContaining({ code: 'not_found' }) as Error

describe('a calendar address', () => {
  it('is made of 256 random bits, shown once, and kept as a hash', async () => {
    const { url, id } = await makeCalendar(who, from)
    const token = /^http:\/\/localhost:3999\/api\/calendar\/([\w-]{43})\.ics$/.exec(url)?.[1] ?? ''
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(await findCalendar(who)).toEqual({ id, created_at: expect.stringMatching(/Z$/) as string, last_read_at: null })
    const [row] = await rooms.sql('select * from public.calendar_feeds where id = $1', [id])
    expect(row).toMatchObject({ token_hash: createHash('sha256').update(token).digest('hex'), created_by: who.userId })
    expect(JSON.stringify(row)).not.toContain(token)
  })

  it('ends when another one is made, and when it is revoked', async () => {
    const first = await makeCalendar(who, from)
    const second = await makeCalendar(who, from)
    await expect(readCalendar(fileOf(first.url))).rejects.toEqual(missing)
    expect(await read(second.url)).toMatchObject({ name: 'VCALENDAR' })
    expect(await revokeCalendar(who, from)).toBe(second.id)
    expect(await findCalendar(who)).toBeNull()
    await expect(readCalendar(fileOf(second.url))).rejects.toEqual(missing)
    await expect(revokeCalendar(who, from)).rejects.toEqual(missing)
  })

  it('is one, when two are made at once', async () => {
    const made = await Promise.allSettled(Array.from({ length: 3 }, () => makeCalendar(who, from)))
    for (const one of made) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'conflict' })
    const good = await Promise.allSettled(made.flatMap(one => one.status === 'fulfilled' ? [read(one.value.url)] : []))
    expect(good.filter(one => one.status === 'fulfilled')).toHaveLength(1)
  })

  it.each(['', '.ics', 'x.ics', `${'A'.repeat(43)}.ics`, 'A'.repeat(43), `${'A'.repeat(44)}.ics`, '../x.ics', `${'%41'.repeat(43)}.ics`])('that nobody made is not found: %j', async (file) => {
    await expect(readCalendar(file)).rejects.toEqual(missing)
  })

  it('shows its own organization\'s connections, by name and date, and notes that it was read', async () => {
    const id = await rooms.connect(who)
    const other = await rooms.person()
    await rooms.connect(other)
    await rooms.sql('update public.integrations set name = $2 where id = $1', [id, 'Ours, mostly; \\ yes'])
    const { url } = await makeCalendar(who, from)
    const text = await readCalendar(fileOf(url))
    const { children } = readCalendarFile(text)
    expect(children.map(event => event.properties)).toMatchObject([{ 'SUMMARY': 'Ours, mostly; \\ yes: client secret ends', 'DTSTART;VALUE=DATE': '20310131' }])
    for (const secret of [id, who.organizationId, who.userId, who.email, fileOf(url)]) expect(text).not.toContain(secret)
    expect((await findCalendar(who))?.last_read_at).toMatch(/Z$/)
    const again = await read(url)
    expect(again.children.map(event => event.properties.UID)).toEqual(children.map(event => event.properties.UID))
  })

  it('goes with its organization, and outlives who made it', async () => {
    const { url, id } = await makeCalendar(who, from)
    await rooms.sql('delete from auth.users where id = $1', [who.userId])
    expect((await rooms.sql('select created_by from public.calendar_feeds where id = $1', [id]))[0]).toEqual({ created_by: null })
    expect((await read(url)).children).toEqual([])
    await rooms.sql('delete from public.organizations where id = $1', [who.organizationId])
    await expect(readCalendar(fileOf(url))).rejects.toEqual(missing)
  })
})
