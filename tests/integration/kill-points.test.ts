/**
 * kill -9 at each step of a refresh and of connecting, from outside: a process is stopped on its way to or from the database
 * or the provider, killed there, and another one goes on. What cannot be saved (the provider's answer was on its way) must be
 * counted and named; nothing else may be lost.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { beginConnection } from '#server/integrations/begin-connection'
import { finishConnection } from '#server/integrations/connect'
import { withCredential } from '#server/integrations/credentials'
import { refreshDue } from '#server/integrations/refresh-due'
import { openFlow } from '#server/oauth/state'
import { queueUnclaimed } from '#server/scanner/due'
import { install, connectBlindly, seedConnections } from '../support/connections.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { startRoomsProcess, type Command, type RoomsProcess } from '../support/rooms-process.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { startRpcProxy, type RpcProxy } from '../support/rpc-proxy.ts'
import { mirror } from '../support/test-connectors.ts'

describe.skipIf(inject('databaseMode') === 'embedded')('kill -9', { timeout: 90_000 }, () => {
  let rooms: Rooms
  let provider: RotatingProvider
  let proxy: RpcProxy
  let env: Record<string, string>
  let victim: RoomsProcess
  beforeAll(async () => {
    rooms = await openRooms()
    provider = await startRotatingProvider()
    proxy = await startRpcProxy(rooms.env.SUPABASE_URL ?? '')
    env = { ...rooms.env, ...install(mirror, provider), SUPABASE_URL: proxy.url }
  })
  afterAll(async () => {
    useConnectors(null)
    await proxy?.close()
    await provider?.close()
    await rooms?.close()
  })
  beforeEach(async () => {
    await rooms.sql('delete from public.integrations')
    provider.tokenCalls.splice(0)
    victim = await startRoomsProcess(env)
  })
  afterEach(async () => {
    provider.before = provider.after = null
    await victim?.kill()
  })

  /** Where a process can stop: at a function of the database, or in the provider's hands. */
  type Point = readonly [rpc: string, where: 'before' | 'after'] | 'token call not done' | 'token call done'
  function reach(point: Point): Promise<void> {
    if (typeof point !== 'string') return proxy.stop(...point)
    return new Promise((resolve) => {
      const stop = () => {
        resolve()
        return new Promise<void>(() => {})
      }
      if (point === 'token call done') provider.after = stop
      else provider.before = stop
    })
  }

  async function killAt(point: Point, command: Command): Promise<void> {
    const reached = reach(point)
    const told = victim.tell(command).then(answer => `answered ${JSON.stringify(answer)}`, error => String(error))
    const early = await Promise.race([reached.then(() => null), told])
    if (early !== null) throw new Error(`It was to be killed at ${String(point)}, but ${early}`)
    await victim.kill()
    await proxy.forget()
    provider.before = provider.after = null
    await told
  }

  describe('of a refresh', () => {
    let id: string
    beforeEach(async () => {
      id = (await seedConnections(rooms.sql, mirror, provider, 1, -60))[0] ?? ''
    })

    const leaseRunsOut = () => rooms.sql(`update public.integrations set refresh_lease_until = clock_timestamp() - interval '1 ms' where id = $1`, [id])
    const use = () => withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)
    const journal = async () => (await rooms.sql<{ state: string }>('select state from public.refresh_journal where integration_id = $1 order by sent_at', [id])).map(row => row.state)
    const row = async () => (await rooms.sql<{ status: string, version: number, error: { class: string, code: string, message: string } | null }>(
      'select status, version::integer as version, last_error as error from public.integrations where id = $1', [id]))[0]

    interface Outcome { calls: number, journal: string[], lost?: true }
    // What the journal cannot tell apart from a spent token is tried once more; a strict provider then says no.
    const points: [what: string, point: Point, command: Command['do'], outcome: Outcome][] = [
      ['before it has begun', ['begin_refresh', 'before'], 'use', { calls: 1, journal: ['stored'] }],
      ['when it has begun', ['begin_refresh', 'after'], 'use', { calls: 1, journal: ['stored'] }],
      ['before it says that the token goes out', ['send_refresh', 'before'], 'use', { calls: 1, journal: ['stored'] }],
      ['when it has said that the token goes out, before the token call', ['send_refresh', 'after'], 'use', { calls: 1, journal: ['uncertain', 'stored'] }],
      ['when the token call is sent and nothing done', 'token call not done', 'use', { calls: 2, journal: ['uncertain', 'stored'] }],
      ['when the provider has spent the token and its answer is on its way', 'token call done', 'use', { calls: 2, journal: ['uncertain', 'failed'], lost: true }],
      ['when the answer is here and not stored', ['finish_refresh', 'before'], 'use', { calls: 2, journal: ['uncertain', 'failed'], lost: true }],
      ['when the answer is stored and nobody told', ['finish_refresh', 'after'], 'use', { calls: 1, journal: ['stored'] }],
      ['before the task has leased it', ['lease_due_refreshes', 'before'], 'due', { calls: 1, journal: ['stored'] }],
      ['when the task has leased it', ['lease_due_refreshes', 'after'], 'due', { calls: 1, journal: ['stored'] }],
      ['before the task says that the token goes out', ['send_refresh', 'before'], 'due', { calls: 1, journal: ['stored'] }],
      ['when the task has said that the token goes out, before the token call', ['send_refresh', 'after'], 'due', { calls: 1, journal: ['uncertain', 'stored'] }],
      ['when the task\'s answer is here and not stored', ['finish_refresh', 'before'], 'due', { calls: 2, journal: ['uncertain', 'failed'], lost: true }],
      ['when the task\'s answer is stored and nobody told', ['finish_refresh', 'after'], 'due', { calls: 1, journal: ['stored'] }],
    ]
    it.each(points)('%s', async (_, point, command, { calls, journal: states, lost }) => {
      await killAt(point, command === 'due' ? { do: 'due' } : { do: 'use', id, times: 3 })
      await leaseRunsOut()
      if (lost) {
        await expect(use()).rejects.toMatchObject({ failure: 'dead_grant', code: 'answer_lost' })
        expect(await row()).toMatchObject({ status: 'error', version: 1, error: { class: 'dead_grant', code: 'answer_lost', message: expect.stringContaining('answer was lost') as string } })
      }
      else {
        const { accessToken, refreshToken } = await use()
        expect(provider.current(refreshToken ?? '')).toEqual({ accessToken, refreshToken })
        expect(await row()).toEqual({ status: 'active', version: 2, error: null })
      }
      expect(provider.tokenCalls).toHaveLength(calls)
      expect(await journal()).toEqual(states)
    })

    const withoutResult = async (points: readonly Point[], told: Command) => {
      for (const [index, point] of points.entries()) {
        if (index > 0) victim = await startRoomsProcess(env)
        await killAt(point, told)
        await leaseRunsOut()
      }
    }

    it.each(['use', 'due'] as const)('twice without a result: there is no third call, the cause is named, and the next look asks again (%s)', async (command) => {
      await withoutResult(['token call not done', 'token call not done'], command === 'due' ? { do: 'due' } : { do: 'use', id, times: 1 })
      if (command === 'due') expect(await refreshDue(new AbortController().signal)).toMatchObject({ failed: 1 })
      else await expect(use()).rejects.toMatchObject({ failure: 'dead_grant', code: 'answer_lost' })
      expect(provider.tokenCalls).toHaveLength(2)
      expect(await journal()).toEqual(['uncertain', 'uncertain', 'failed'])
      expect(await row()).toMatchObject({ status: 'error', error: { class: 'dead_grant', code: 'answer_lost' } })

      // Nothing is latched: the provider had never seen the token.
      await rooms.sql(`update public.integrations set refresh_due_at = now() - interval '1 minute' where id = $1`, [id])
      if (command === 'due') expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
      else await use()
      expect(provider.tokenCalls).toHaveLength(3)
      expect(await row()).toEqual({ status: 'active', version: 2, error: null })
    })

    it('twice, with the token spent: the provider says so at the next look, and the cause stays named', async () => {
      await withoutResult(['token call done', 'token call not done'], { do: 'use', id, times: 1 })
      for (let look = 0; look < 2; look++) await expect(use()).rejects.toMatchObject({ failure: 'dead_grant', code: 'answer_lost' })
      expect(provider.tokenCalls).toHaveLength(3)
      expect(await journal()).toEqual(['uncertain', 'uncertain', 'failed', 'failed'])
    })

    it('any number of times before anything is sent: it counts for nothing', async () => {
      await withoutResult([['begin_refresh', 'after'], ['send_refresh', 'before'], ['begin_refresh', 'after']], { do: 'use', id, times: 1 })
      await use()
      expect(provider.tokenCalls).toHaveLength(1)
      expect(await journal()).toEqual(['stored'])
    })

    it('and the task comes back to it by itself, when the lease has run out', async () => {
      await rooms.sql(`update public.integrations set refresh_due_at = now() + interval '1 day' where id = $1`, [id])
      await killAt(['send_refresh', 'after'], { do: 'use', id, times: 1 })
      expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 0 })
      await leaseRunsOut()
      expect(await refreshDue(new AbortController().signal)).toMatchObject({ refreshed: 1 })
    })
  })

  describe('of connecting', () => {
    const counts = async () => (await rooms.sql('select (select count(*)::integer from public.integrations) as integrations, (select count(*)::integer from public.integration_resources) as resources, (select count(*)::integer from public.assessments where status = \'queued\' and integration_id in (select id from public.integrations)) as assessments'))[0]

    const points: [what: string, point: Point, stored: boolean, again: boolean][] = [
      ['before the state is used', ['use_oauth_state', 'before'], false, true],
      ['when the state is used, before the exchange', ['use_oauth_state', 'after'], false, false],
      ['when the code is sent and nothing done', 'token call not done', false, false],
      ['when the tokens are on their way', 'token call done', false, false],
      ['before its key is made', ['add_organization_key', 'before'], false, false],
      ['when its key is made', ['add_organization_key', 'after'], false, false],
      ['before it is stored', ['store_connection', 'before'], false, false],
      ['when it is stored and nobody told', ['store_connection', 'after'], true, false],
    ]
    it.each(points)('%s', async (_, point, stored, again) => {
      const { client: _client, ...who } = await rooms.person()
      const { cookie } = await beginConnection(mirror, who, null)
      await killAt(point, { do: 'finish', who, cookie: cookie.value })
      // All of it or nothing.
      expect(await counts()).toEqual(stored ? { integrations: 1, resources: 1, assessments: 1 } : { integrations: 0, resources: 0, assessments: 0 })
      // The first scan was promised: the start of any worker finds it.
      if (stored) expect(await queueUnclaimed()).toBeGreaterThanOrEqual(1)

      // The same callback once more serves only where its state was never used.
      const replay = finishConnection(mirror, who, openFlow(cookie.value), 'any-code', from).then(() => 'connected', (error: { code?: string }) => error.code)
      expect(await replay).toBe(again ? 'connected' : 'flow_missing')
      const id = await connectBlindly(mirror, { ...who, client: _client })
      expect(await counts()).toEqual({ integrations: 1, resources: 1, assessments: 1 })
      const [use] = await Promise.all([withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets)])
      expect(provider.current(use.refreshToken ?? '')).toMatchObject({ accessToken: use.accessToken })
    })
  })
})
