/** What happens beside a refresh: a reconnect, a removal, another holder, a database that is away for a moment. On a real PostgreSQL. */
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { useSupabase } from '#server/database/clients'
import { withCredential } from '#server/integrations/credentials'
import { refreshDue } from '#server/integrations/refresh-due'
import { connectBlindly, install } from '../support/connections.ts'
import { newGate, type Gate } from '../support/gate.ts'
import { holdCalls, loseCalls } from '../support/held-calls.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'
import { until } from '../support/until.ts'

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
let id: string
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  install(mirror, provider)
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})
beforeEach(async () => {
  who = await rooms.person()
  id = await connectBlindly(mirror, who)
  await rooms.sql(`update public.integrations set config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = $1`, [id])
  provider.tokenCalls.splice(0)
  provider.revoked.splice(0)
})
afterEach(() => {
  useSupabase(rooms.address)
  provider.fault = provider.before = provider.after = null
})

const use = () => withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)
const journal = async () => (await rooms.sql<{ state: string }>('select state from public.refresh_journal where integration_id = $1 order by sent_at', [id])).map(row => row.state)
const row = async () => (await rooms.sql('select status, version::integer as version, last_error as error from public.integrations where id = $1', [id]))[0]
const refusal = (error: string, status = 400) => () => Response.json({ error }, { status })

/** A use whose token call waits at the gate, before anything is done or when it is. */
async function useAt(where: 'before' | 'after'): Promise<{ used: ReturnType<typeof use>, gate: Gate }> {
  const gate = newGate()
  const wait = async () => void await gate.respond(new Request(provider.url), async () => new Response())
  provider[where] = wait
  const used = use()
  used.catch(() => {})
  await until(() => gate.waiting() === 1, { what: 'the token call' })
  provider[where] = null
  return { used, gate }
}

describe('a reconnect', () => {
  it('is not undone by the failure of the token that it replaced: whoever waited gets the new one', async () => {
    provider.fault = call => call.grantType === 'refresh_token' ? refusal('invalid_grant')() : null
    const { used, gate } = await useAt('before')
    expect(await connectBlindly(mirror, who)).toBe(id)
    gate.open()
    const { accessToken, refreshToken } = await used
    expect(provider.current(refreshToken ?? '')).toMatchObject({ accessToken })
    expect(await row()).toEqual({ status: 'active', version: 2, error: null })
    expect(await journal()).toEqual(['failed'])
  })

  it('is not undone by a late answer either, which nobody keeps and nobody ends: the grant may be the same', async () => {
    const { used, gate } = await useAt('after')
    await connectBlindly(mirror, who)
    gate.open()
    const { accessToken, refreshToken } = await used
    expect(provider.current(refreshToken ?? '')).toMatchObject({ accessToken })
    expect([await row(), await journal(), provider.revoked]).toEqual([{ status: 'active', version: 2, error: null }, ['superseded'], []])
  })

  it('leaves no attempt running for ever whose process died', async () => {
    const { used, gate } = await useAt('before')
    await rooms.sql(`update public.refresh_journal set owner = 'somebody who died' where integration_id = $1`, [id])
    await connectBlindly(mirror, who)
    await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute' where id = $1`, [id])
    await rooms.sql(`update public.integrations set config = jsonb_set(config, '{expires_at}', '"2020-01-01T00:00:00Z"') where id = $1`, [id])
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
    expect(await journal()).toEqual(['superseded', 'stored'])
    gate.open()
    await used
  })
})

describe('a removal', () => {
  it('while the answer is on its way: the new tokens are ended at the provider', async () => {
    const { used, gate } = await useAt('after')
    const issued = provider.current(provider.tokenCalls[0]?.refreshToken ?? '')
    // Nothing else may rest on the account: its tokens would be left alone.
    await rooms.sql('delete from public.integrations')
    gate.open()
    await expect(used).rejects.toMatchObject({ code: 'not_found' })
    expect(provider.revoked).toEqual([issued.refreshToken])
  })
})

describe('another holder', () => {
  it('of the lease, before the token goes out: nothing is sent, and the other one\'s result is used', async () => {
    const held = holdCalls(rooms.address, 'send_refresh')
    const used = use()
    await until(() => held.waiting() === 1, { what: 'the refresh to be about to send' })
    await rooms.sql(`update public.integrations set refresh_lease_until = clock_timestamp() - interval '1 ms', refresh_due_at = now() - interval '1 minute' where id = $1`, [id])
    useSupabase(rooms.address)
    expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
    held.open()
    const { accessToken, refreshToken } = await used
    expect(provider.current(refreshToken ?? '')).toMatchObject({ accessToken })
    expect([provider.tokenCalls.length, await journal()]).toEqual([1, ['stored']])
  })

  it('that Postgres preferred: the call that it ended is asked again', async () => {
    const operator = postgres(rooms.env.DATABASE_URL ?? '', { max: 1, onnotice: () => {} })
    const deadlocks = async () => Number((await rooms.sql('select deadlocks from pg_stat_database where datname = current_database()'))[0]?.deadlocks)
    try {
      const before = await deadlocks()
      let used: ReturnType<typeof use> | undefined
      await operator.begin(async (run) => {
        await run`select 1 from public.organization_keys where organization_id = ${who.organizationId} for update`
        used = use()
        used.catch(() => {})
        await until(async () => (await rooms.sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length > 0, { what: 'the refresh to wait for the key' })
        await run`update public.integrations set name = name where id = ${id}`
      })
      expect((await used)?.accessToken).toBeTruthy()
      expect([provider.tokenCalls.length, await journal()]).toEqual([1, ['stored']])
      await until(async () => await deadlocks() > before, { what: 'Postgres to say that it ended one' })
    }
    finally {
      await operator.end()
    }
  })
})

describe('a database that is away for a moment', () => {
  it('does not make a clear refusal a lost answer', async () => {
    provider.fault = refusal('invalid_client', 401)
    const calls = loseCalls(rooms.address, 'fail_refresh', 2)
    await expect(use()).rejects.toMatchObject({ failure: 'our_application', code: 'invalid_client' })
    expect([calls.length, await journal()]).toEqual([3, ['failed']])
    provider.fault = null
    await use()
    expect([provider.tokenCalls.length, await journal()]).toEqual([2, ['failed', 'stored']])
  })

  it('when the token was about to go out: nothing was sent, and nothing is held against the next attempt', async () => {
    loseCalls(rooms.address, 'send_refresh', 1)
    await expect(use()).rejects.toMatchObject({ code: 'unavailable' })
    expect([provider.tokenCalls, await journal()]).toEqual([[], []])
    await use()
    expect(await journal()).toEqual(['stored'])
  })

  it('when the answer came: it is stored as soon as that can be, and encrypted once, as it was counted', async () => {
    const calls = loseCalls(rooms.address, 'finish_refresh', 3)
    const { accessToken } = await use()
    expect(provider.current(provider.tokenCalls[0]?.refreshToken ?? '')).toMatchObject({ accessToken })
    expect([calls.length, new Set(calls).size]).toEqual([4, 1])
  })
})
