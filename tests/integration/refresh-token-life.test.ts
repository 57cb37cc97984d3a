/** How long a refresh token has by its provider's documentation: from its issue, whatever it is used for meanwhile. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Connector } from '#server/connectors/contract'
import { useConnectors } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { withCredential } from '#server/integrations/credentials'
import { healthReport } from '#server/integrations/health-report'
import { connectBlindly, install } from '../support/connections.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'

const DAY_MS = 86_400_000
const lasting: Connector = { ...mirror, authorization: { ...mirror.authorization, lifetimes: { refreshTokenSeconds: 30 * 86_400, source: 'https://provider.example/tokens' } } }

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
let id: string
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  install(lasting, provider)
  who = await rooms.person()
  id = await connectBlindly(lasting, who)
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})

/** Days from now to the refresh token's end. */
async function daysLeft(): Promise<number> {
  const { forecast } = await healthReport(who, id)
  expect(forecast.causes).toMatchObject([{ cause: 'refresh_token_end', certain: false }])
  return Math.round((Date.parse(forecast.ends_at ?? '') - Date.now()) / DAY_MS)
}

const set = (config: object) => rooms.sql('update public.integrations set config = config || $2::text::jsonb where id = $1', [id, JSON.stringify(config)])
const use = () => withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)

/** By a use of the credential, which is about to end. */
async function renew(): Promise<void> {
  await set({ expires_at: new Date(Date.now() + 60_000).toISOString() })
  const before = provider.tokenCalls.length
  await use()
  expect(provider.tokenCalls.length).toBe(before + 1)
}

it('counts from the issue of the refresh token, not from a use, and not from a renewal that kept it', async () => {
  expect(await daysLeft()).toBe(30)
  await set({ refresh_issued_at: new Date(Date.now() - 10 * DAY_MS).toISOString() })
  expect(await daysLeft()).toBe(20)
  await rooms.sql('update public.integrations set last_success_at = now() where id = $1', [id])
  await use()
  expect(await daysLeft()).toBe(20)

  // Renewed without a new one, and with the old one handed back.
  for (const answer of [{}, { refresh_token: true }]) {
    provider.fault = call => Response.json({ access_token: `at_kept_${String(Object.keys(answer).length)}`, expires_in: 3600, token_type: 'Bearer', ...('refresh_token' in answer ? { refresh_token: call.refreshToken } : {}) })
    await renew()
    expect(await daysLeft()).toBe(20)
  }

  provider.fault = null
  await renew()
  expect(await daysLeft()).toBe(30)
})
