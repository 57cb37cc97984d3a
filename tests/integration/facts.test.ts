/** The facts of a grant: from the callback, the token endpoint and the account, kept beside the tokens. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ExternalAccount, GrantFacts } from '#server/connectors/contract'
import { useConnectors } from '#server/connectors/registry'
import { ProviderError } from '#server/errors'
import type { Caller } from '#server/database/caller'
import { confirmConnection } from '#server/integrations/confirm'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection, type Connected } from '#server/integrations/connect'
import { withApi } from '#server/integrations/credentials'
import { applyDeliveries } from '#server/integrations/deliveries'
import { refreshDue } from '#server/integrations/refresh-due'
import { readRow } from '#server/integrations/row'
import { receiveDelivery } from '#server/integrations/webhooks'
import { openFlow } from '#server/oauth/state'
import { callbackErrors } from '#shared/callback-errors'
import { install } from '../support/connections.ts'
import { delivery, signingKey } from '../support/deliveries.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { noisy } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
/** What the provider shows of the account. */
let shown: (account: ExternalAccount) => ExternalAccount | Promise<ExternalAccount>
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider({ main: 3600 })
  install({ ...noisy, account: async api => shown(await noisy.account(api)) }, { env: id => ({ ...provider.env(id), NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: signingKey }) })
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  await rooms.sql('delete from public.integrations')
  shown = account => account
  provider.grantFields = {}
  provider.revocations.splice(0)
  who = await rooms.person()
})

async function arrive(said: GrantFacts, integrationId: string | null = null): Promise<Connected> {
  const { cookie } = await beginConnection(noisy, who, integrationId)
  return finishConnection(noisy, who, openFlow(cookie.value), 'any-code', from, said)
}
async function connect(said: GrantFacts, integrationId: string | null = null): Promise<string> {
  const { integrationId: id } = await arrive(said, integrationId)
  if (id === undefined) throw new Error('It waits for a word')
  return id
}
const stored = async (id: string) => (await readRow(id)).config.facts
const seen = (id: string) => withApi({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, new AbortController().signal, async api => api.facts)

it('come from the callback, in their place from the token\'s answer, and in the place of both from the account', async () => {
  provider.grantFields = { team_id: 'T-of-token' }
  const id = await connect({ installation_id: '42', team_id: 'T-of-callback', plan: 'free' })
  // `seen` is what reading the account was given.
  expect(await stored(id)).toEqual({ installation_id: '42', team_id: 'T-of-token', plan: 'team', seen: 'installation_id plan team_id' })
  expect(await seen(id)).toEqual(await stored(id))
})

it('stand in the clear, and are no part of what a person reads', async () => {
  const id = await connect({ installation_id: '42' })
  const [row] = await rooms.sql<{ facts: GrantFacts, metadata: Record<string, unknown> }>('select config -> \'facts\' as facts, config_metadata as metadata from public.integrations where id = $1', [id])
  expect(row?.facts.installation_id).toBe('42')
  expect(Object.keys(row?.metadata ?? {})).not.toContain('facts')
  const seen = await who.client.from('integrations').select('config').eq('id', id)
  expect(seen.error?.code).toBe('42501')
})

it('survive a refresh, whatever its answer says', async () => {
  const id = await connect({ installation_id: '42' })
  const before = await stored(id)
  provider.grantFields = { team_id: 'another' }
  await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute', config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = $1`, [id])
  expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
  expect(await stored(id)).toEqual(before)
})

it('are replaced by a reconnect, not added to', async () => {
  provider.grantFields = { team_id: 'T1' }
  const id = await connect({ installation_id: '42' })
  provider.grantFields = {}
  expect(await connect({ installation_id: '43' })).toBe(id)
  expect(await stored(id)).toEqual({ installation_id: '43', plan: 'team', seen: 'installation_id' })
  // Nobody says which account: the one that it had is looked for, by what was known of it.
  expect(await connect({}, id)).toBe(id)
  expect(await stored(id)).toEqual({ plan: 'team', seen: 'installation_id plan seen' })
})

it('wait with a connection that waits for a word', async () => {
  const id = await connect({ installation_id: '42' })
  await rooms.sql('update public.integrations set external_account_id = \'elsewhere\' where id = $1', [id])
  const { pendingId } = await arrive({ installation_id: '43' }, id)
  const other = await confirmConnection(who, pendingId ?? '', from)
  expect(other).not.toBe(id)
  expect(await stored(other)).toMatchObject({ installation_id: '43' })
  expect(await stored(id)).toMatchObject({ installation_id: '42' })
})

it.each([['forged', 'account_not_found'], ['nowhere', 'account_missing'], ['several', 'account_ambiguous']])(
  'that lead to no account are refused with a sentence: %s', async (installation, code) => {
    await expect(connect({ installation_id: installation })).rejects.toMatchObject({ code })
    expect(callbackErrors).toHaveProperty(code)
  })

it('that a callback alone says end nothing: whose installation it is, is not known yet', async () => {
  await expect(connect({ installation_id: 'forged' })).rejects.toMatchObject({ code: 'account_not_found' })
  expect(provider.revocations).toEqual(['/installations/none/revoke'])
  expect(await rooms.sql('select 1 from public.integrations')).toEqual([])
})

it('that the account has shown to be right end the grant of which nothing was stored', async () => {
  const gone = { integrationId: '3f6e4b1c-0000-4000-8000-000000000000' }
  const { cookie } = await beginConnection(noisy, who, null)
  const flow = { ...openFlow(cookie.value), ...gone }
  await expect(finishConnection(noisy, who, flow, 'any-code', from, { installation_id: '42' })).rejects.toMatchObject({ code: 'account_mismatch' })
  expect(provider.revocations).toEqual(['/installations/42/revoke'])
})

describe('after the account was left and joined again', () => {
  /** As a provider shows it that numbers installations. */
  const reinstalled = (installation: string) => {
    shown = account => ({ ...account, facts: { ...account.facts, installation_id: installation } })
  }
  const installation = async (id: string) => (await stored(id))?.installation_id
  const status = async (id: string) => (await readRow(id)).status
  async function tell(event: { what: string, installation: string }): Promise<void> {
    const { headers, body } = delivery([{ account: 'acme', ...event }])
    await receiveDelivery(noisy, { headers: new Headers(headers), body: new TextEncoder().encode(body) }, new Date())
    await applyDeliveries('noisy', false)
  }

  it('a scan sees which it is now, and what is told of that one counts, and of the other no more', async () => {
    const id = await connect({ installation_id: '42' })
    reinstalled('43')
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed' })
    expect(await stored(id)).toMatchObject({ plan: 'team', installation_id: '43' })
    await tell({ what: 'ended', installation: '42' })
    expect(await status(id)).toBe('active')
    await tell({ what: 'ended', installation: '43' })
    expect(await status(id)).toBe('error')
  })

  it('by somebody else, the scans of all see it', async () => {
    const ours = await connect({ installation_id: '42' })
    const us = who
    who = await rooms.person()
    reinstalled('43')
    const theirs = await connect({ installation_id: '43' })
    await rooms.scan(us, ours)
    expect([await installation(ours), await installation(theirs)]).toEqual(['43', '43'])
  })

  it('a scan that another consent overtakes leaves that one\'s alone', async () => {
    const id = await connect({ installation_id: '42' })
    let again = Promise.resolve('')
    shown = async (account) => {
      shown = one => one
      again = connect({ installation_id: '44' })
      await again
      return { ...account, facts: { ...account.facts, installation_id: '43' } }
    }
    await rooms.scan(who, id)
    expect(await again).toBe(id)
    expect(await installation(id)).toBe('44')
  })

  it('what is read of another account is not taken for this one\'s', async () => {
    const id = await connect({ installation_id: '42' })
    shown = account => ({ ...account, id: 'elsewhere', facts: { installation_id: '43' } })
    expect(await rooms.scan(who, id)).toMatchObject({ status: 'completed' })
    expect(await installation(id)).toBe('42')
  })

  it('a scan is none the worse where the account can\'t be read', async () => {
    const id = await connect({ installation_id: '42' })
    const before = await rooms.scan(who, id)
    shown = () => { throw new ProviderError('forbidden', 'GET /user') }
    const now = await rooms.scan(who, id)
    expect([now.status, now.notice, now.counts]).toEqual([before.status, null, before.counts])
    expect(await installation(id)).toBe('42')
  })
})
