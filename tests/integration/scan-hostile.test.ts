/** A provider that answers wrongly in ways no fault of a network explains: one check's error, never the whole scan's end. */
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Respond } from '../support/faults.ts'
import { findingsOf, production, resourcesOf, sslPath } from '../support/findings.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
afterEach(() => rooms.provider.clearFaults())

const raw = (text: string): Respond => () => new Response(text, { headers: { 'content-type': 'application/json' } })
const projects = (change: (projects: Record<string, unknown>[]) => unknown): Respond => async (_request, pass) =>
  Response.json(change(await (await pass()).json()))
const advisors = `/v1/projects/${production}/advisors/security`
const lint = (name: string) => JSON.stringify({ lints: [{ name: 'rls_disabled_in_public', level: 'ERROR', metadata: { schema: 'public', name, type: 'table' } }] })

it.each<[string, string, Respond]>([
  ['a NUL in a text', advisors, raw(lint('a\u0000b'))],
  ['half a surrogate pair', advisors, raw(lint('half').replace('half', String.raw`\ud83d`))],
  ['a hundred thousand brackets', advisors, raw('['.repeat(100_000))],
  ['a number beyond all numbers', sslPath(production), raw('{"currentConfig": {"database": 1e999}, "appliedSuccessfully": true}')],
  ['null', advisors, raw('null')],
  ['an empty text', advisors, raw('')],
  ['a key that objects inherit', advisors, raw('{"__proto__": {"lints": []}, "constructor": {"prototype": {"lints": []}}}')],
  ['megabytes in a few bytes', advisors, () => new Response(gzipSync(Buffer.alloc(20 * 1024 * 1024, ' ')), { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } })],
  ['one project twice', '/v1/projects', projects(all => [...all, ...all])],
  ['a project whose name is no text', '/v1/projects', projects(all => all.map(one => ({ ...one, name: { nested: true } })))],
  ['a project named with a NUL', '/v1/projects', projects(all => all.map(one => ({ ...one, name: 'a\u0000b' })))],
  ['a project that climbs the path', '/v1/projects', projects(all => all.map(one => ({ ...one, ref: '..' })))],
  ['a project with a path for a name', '/v1/projects', projects(all => [...all, { ...all[0], ref: '../../v1/organizations' }])],
  ['an organization that climbs the path', '/v1/projects', projects(all => all.map(one => ({ ...one, organization_slug: '..' })))],
])('%s costs a verdict at most', async (_what, path, respond) => {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.scan(who, id)
  const before = (await findingsOf(who, id)).map(finding => finding.id)
  rooms.provider.fail({ kind: respond, path: new RegExp(`^${path}$`) })
  const done = await rooms.scan(who, id)
  expect(done).toMatchObject({ status: 'completed', error: null })
  expect(done.counts.error).toBeLessThan(8)
  expect((await findingsOf(who, id)).map(finding => finding.id)).toEqual(expect.arrayContaining(before))
  expect((await resourcesOf(who, id)).filter(resource => !resource.missing_since)).toHaveLength(2)
  expect(rooms.provider.calls.filter(call => call.path === '/v1/organizations/')).toEqual([])
})

it.each<[string, string]>([
  ['a very long name', `${'x'.repeat(99)}\u{1F600}${'y'.repeat(50)}`],
  ['a blank name', '   '],
  ['a NUL in the name', 'a\u0000b'],
])('an account with %s can be connected', async (_what, name) => {
  const who = await rooms.person()
  rooms.provider.fail({ kind: async (_request, pass) => Response.json((await (await pass()).json() as object[]).map(one => ({ ...one, name }))), path: /^\/v1\/organizations$/ })
  const id = await rooms.connect(who)
  expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed' })
})
