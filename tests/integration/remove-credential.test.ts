/** Removing what can't be revoked, because there is nothing to revoke it with. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { removeIntegration } from '#server/integrations/remove'
import { getIntegration } from '#server/integrations/view'
import { from, openRooms, type Rooms } from '../support/rooms.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())

it.each([
  ['can\'t be opened', 'config || \'{"refresh_token": "00000000:AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA"}\''],
  ['is missing', 'config || \'{"refresh_token": null}\''],
  ['is in a row that is damaged', '\'{}\'::jsonb'],
])('removes an integration whose credential %s, and says that it was not revoked', async (_what, config) => {
  const who = await rooms.person()
  const id = await rooms.connect(who)
  await rooms.sql(`update public.integrations set config = ${config} where id = $1`, [id])
  expect(await removeIntegration(who, id, from)).toMatchObject({ revocation: 'failed', manualUrl: expect.stringContaining('https://') })
  await expect(getIntegration(who, id)).rejects.toMatchObject({ code: 'not_found' })
})
