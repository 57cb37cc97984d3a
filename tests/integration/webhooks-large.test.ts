/** Deliveries as large as providers send them: an installation's removal lists its repositories, and is not sent again. */
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { github } from '#server/connectors/github'
import { useConnectors } from '#server/connectors/registry'
import { slack } from '#server/connectors/slack'
import { supabase } from '#server/connectors/supabase'
import { loadEnv } from '#server/utils/env'
import { receipts } from '../support/deliveries.ts'
import { startEdge, type Edge } from '../support/edge.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { environment, signed, type Telling } from '../support/signed.ts'

const megabyte = 1024 * 1024
const known = [supabase, github, slack]
let rooms: Rooms
let edge: Edge
beforeAll(async () => {
  rooms = await openRooms()
  Object.assign(process.env, environment)
  useConnectors(known)
  loadEnv(known)
  edge = await startEdge()
})
afterAll(async () => {
  useConnectors(null)
  await edge?.close()
  await rooms?.close()
})
beforeEach(() => rooms.sql('delete from public.webhook_receipts'))

type Signed = ReturnType<typeof signed>
/** @param streamed in pieces, without its length */
async function send(provider: Telling, { headers, body }: Signed, streamed = false): Promise<[status: number, code: unknown]> {
  const init: RequestInit & { duplex?: 'half' } = { method: 'POST', headers, ...streamed ? { body: new Blob([body]).stream(), duplex: 'half' } : { body } }
  const answer = await fetch(`${edge.url}/api/webhooks/${provider}`, init)
  const said: { outcome?: string, code?: string } = await answer.json()
  return [answer.status, said.outcome ?? said.code]
}

const repository = (id: number) => ({ id, node_id: `MDEwOlJlcG9zaXRvcnk${100_000_000 + id}`, name: `service-number-${id}`, full_name: `acme-holding-international/service-number-${id}`, private: true })
const removal = (repositories: number, padding = '') => signed('github', {
  action: 'deleted', installation: { id: 70, account: { id: 7, login: 'acme' } }, repositories: Array.from({ length: repositories }, (_, id) => repository(id)), padding,
})
const sized = (bytes: number) => removal(0, 'x'.repeat(bytes - removal(0).body.length))

it.each([['with its length', false], ['in pieces', true]])('the removal of an installation with 7,000 repositories is taken %s', async (_, streamed) => {
  const delivery = removal(7_000)
  expect(delivery.body.length).toBeGreaterThan(megabyte)
  expect(await send('github', delivery, streamed)).toEqual([202, 'accepted'])
  expect(await receipts(rooms)).toMatchObject([{ provider: 'github', events: [{ what: 'ended', account_id: '7', facts: { installation_id: '70' } }] }])
})

it('many at once are taken, each in its turn', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => send('github', sized(2 * megabyte))))
  expect(answers).toEqual(answers.map(() => [202, 'accepted']))
  expect(await receipts(rooms)).toHaveLength(12)
})

it('a large one is looked at like any other', async () => {
  const delivery = removal(7_000)
  expect(await send('github', { ...delivery, body: delivery.body.replace('"id":70', '"id":71') })).toEqual([401, 'signature_refused'])
  expect(await receipts(rooms)).toEqual([])
})

it.each<[string, Telling, number]>([['GitHub', 'github', 25 * megabyte], ['Slack', 'slack', megabyte]])('%s sends no more than it says: a byte more is refused while it arrives', async (_, provider, limit) => {
  const delivery = (bytes: number) => {
    if (provider === 'github') return sized(bytes)
    const of = (padding: string) => signed('slack', { type: 'event_callback', event_id: 'Ev1', team_id: 'T1', event: { type: 'app_uninstalled' }, padding })
    return of('x'.repeat(bytes - of('').body.length))
  }
  expect(await send(provider, delivery(limit), true)).toEqual([202, 'accepted'])
  expect(await send(provider, delivery(limit + 1), true)).toEqual([413, 'body_too_large'])
})
