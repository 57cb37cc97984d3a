/**
 * What comes late, or out of order, of each provider that tells us anything: in its own payload, with the times that it has. What
 * happened before a connection was made is no news of it, and the older of two words never counts.
 */
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { GrantFacts } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { useConnectors } from '#server/connectors/registry'
import { slack } from '#server/connectors/slack'
import { supabase } from '#server/connectors/supabase'
import { vercel } from '#server/connectors/vercel'
import { applyDeliveries } from '#server/integrations/deliveries'
import { receiveDelivery } from '#server/integrations/webhooks'
import { loadEnv } from '#server/utils/env'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { asDelivery, environment, signed, type Telling } from '../support/signed.ts'

const connectors = { slack, github, vercel }
let rooms: Rooms
beforeAll(async () => {
  rooms = await openRooms()
  Object.assign(process.env, environment)
  useConnectors([supabase, ...Object.values(connectors)])
  loadEnv([supabase, ...Object.values(connectors)])
})
afterAll(async () => {
  useConnectors(null)
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  await rooms.sql('delete from public.webhook_receipts')
})

const subjects: Readonly<Record<Telling, { account: string, facts: GrantFacts }>> = {
  slack: { account: 'T1', facts: { team_id: 'T1', user_id: 'U1' } },
  github: { account: '7', facts: { installation_id: '70', account_id: '7', user_id: '9' } },
  vercel: { account: 'team_1', facts: { installation_id: 'icfg_1', team_id: 'team_1' } },
}

/** As connecting leaves it, made so many seconds ago. @returns its id */
async function connected(provider: Telling, secondsAgo: number, sameAs: { account: string, facts: GrantFacts } = subjects[provider]): Promise<string> {
  const id = randomUUID()
  const { organizationId } = await rooms.person()
  await rooms.sql(`insert into public.integrations (id, organization_id, integration_type, name, config, scan_schedule, external_account_id, external_account_name, connected_at)
    values ($1, $2, $3, 'Seeded', $4::text::jsonb, '0 6 * * *', $5, 'Account', now() - make_interval(secs => $6))`,
  [id, organizationId, provider, JSON.stringify({ facts: sameAs.facts }), sameAs.account, secondsAgo])
  return id
}

async function tell(provider: Telling, payload: object): Promise<void> {
  await receiveDelivery(connectors[provider], asDelivery(signed(provider, payload)), new Date())
  await applyDeliveries(provider, false)
}
const stateOf = async (id: string) => (await rooms.sql<{ said: string | null }>('select coalesce(provider_state, status) as said from public.integrations where id = $1', [id]))[0]?.said
const scanAsked = async (id: string) => (await rooms.sql(`select 1 from public.assessments where integration_id = $1 and trigger = 'webhook'`, [id])).length === 1

const seconds = (ago: number) => Math.floor(Date.now() / 1000) - ago
const iso = (ago: number) => new Date(seconds(ago) * 1000).toISOString().replace('.000', '')

const ofSlack = (event: object, ago: number, about: object = { team_id: 'T1' }) =>
  ({ type: 'event_callback', api_app_id: 'A1', event_id: `Ev${randomUUID()}`, event_time: seconds(ago), ...about, event })
const ofGithub = (action: string, times: object) => ({ action, installation: { id: 70, account: { id: 7, login: 'acme' }, ...times } })
const ofVercel = (type: string, ago: number) => ({
  id: randomUUID(), type, createdAt: Date.now() - ago * 1000,
  payload: { team: { id: 'team_1' }, user: { id: 'usr_1' }, configuration: { id: 'icfg_1' }, previousTeamId: 'team_1', newTeamId: 'team_1' },
})

describe('the end of an earlier connection', () => {
  it.each<[string, Telling, (ago: number) => object]>([
    ['Slack: the app was removed', 'slack', ago => ofSlack({ type: 'app_uninstalled' }, ago)],
    ['Slack: its token was revoked', 'slack', ago => ofSlack({ type: 'tokens_revoked', tokens: { bot: ['U0'] } }, ago)],
    ['GitHub: the app is suspended', 'github', ago => ofGithub('suspend', { suspended_at: iso(ago), updated_at: iso(ago) })],
    ['GitHub, in seconds', 'github', ago => ofGithub('suspend', { suspended_at: seconds(ago) })],
    ['GitHub, which says only when it changed', 'github', ago => ofGithub('suspend', { suspended_at: null, updated_at: iso(ago) })],
    ['Vercel: the integration was removed', 'vercel', ago => ofVercel('integration-configuration.removed', ago)],
  ])('%s', async (_, provider, told) => {
    const id = await connected(provider, 60)
    await tell(provider, told(3600))
    expect(await stateOf(id)).toBe('active')
    await tell(provider, told(1))
    expect(await stateOf(id)).toBe(provider === 'github' ? 'suspended' : 'ended')
  })

  it('GitHub: one that was removed is told by its number, for the time of that is not said', async () => {
    const [id, reinstalled] = [await connected('github', 60), await connected('github', 60, { account: '7', facts: { installation_id: '71', account_id: '7' } })]
    await tell('github', ofGithub('deleted', { updated_at: iso(90 * 86_400), suspended_at: null }))
    expect([await stateOf(id), await stateOf(reinstalled)]).toEqual(['ended', 'active'])
  })

  it('in the very second in which it was connected, is the end of it: times of whole seconds are over when the second is', async () => {
    const id = await connected('slack', 0)
    await rooms.sql(`update public.integrations set connected_at = date_trunc('second', now()) - interval '500 milliseconds' where id = $1`, [id])
    const [row] = await rooms.sql<{ at: number }>('select floor(extract(epoch from connected_at))::int as at from public.integrations where id = $1', [id])
    await tell('slack', { ...ofSlack({ type: 'app_uninstalled' }, 0), event_time: row?.at })
    expect(await stateOf(id)).toBe('ended')
  })

  it.each([['no number', 'yesterday'], ['no time', -1], ['a time that no calendar has', 9e15], ['none', undefined]])('counts from when it came where Slack gives %s', async (_, time) => {
    const id = await connected('slack', 60)
    await tell('slack', { ...ofSlack({ type: 'app_uninstalled' }, 0), event_time: time })
    expect(await stateOf(id)).toBe('ended')
  })
})

describe('a suspension and its end', () => {
  it.each<[string, Telling, [object, object], string]>([
    ['GitHub, in order', 'github', [ofGithub('suspend', { suspended_at: iso(20), updated_at: iso(20) }), ofGithub('unsuspend', { suspended_at: null, updated_at: iso(10) })], 'active'],
    ['GitHub, the other way round', 'github', [ofGithub('unsuspend', { suspended_at: null, updated_at: iso(10) }), ofGithub('suspend', { suspended_at: iso(20), updated_at: iso(20) })], 'active'],
    ['GitHub, suspended again', 'github', [ofGithub('suspend', { suspended_at: iso(10) }), ofGithub('unsuspend', { updated_at: iso(20) })], 'suspended'],
    ['GitHub, in one second', 'github', [ofGithub('unsuspend', { updated_at: iso(10) }), ofGithub('suspend', { suspended_at: iso(10) })], 'active'],
    ['Vercel, the other way round', 'vercel', [ofVercel('integration-configuration.transferred', 10), ofVercel('integration-configuration.removed', 20)], 'active'],
  ])('%s', async (_, provider, told, expected) => {
    const id = await connected(provider, 3600)
    for (const payload of told) await tell(provider, payload)
    expect(await stateOf(id)).toBe(expected)
  })
})

describe('what only asks for a look', () => {
  it.each<[string, Telling, (ago: number) => object]>([
    ['Slack', 'slack', ago => ofSlack({ type: 'team_join' }, ago)],
    ['Vercel', 'vercel', ago => ofVercel('integration-configuration.permission-upgraded', ago)],
  ])('of %s is no reason for one when it happened before the connection', async (_, provider, told) => {
    const id = await connected(provider, 60)
    await tell(provider, told(3600))
    expect(await scanAsked(id)).toBe(false)
    await tell(provider, told(1))
    expect(await scanAsked(id)).toBe(true)
  })
})
