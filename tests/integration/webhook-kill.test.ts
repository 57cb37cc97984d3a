/**
 * kill -9 at each step between a provider's delivery and what it does here. What was acknowledged is never lost, and never done
 * twice; what was not is sent again by the provider.
 */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { applyDeliveries, queueDeliveries } from '#server/integrations/deliveries'
import { receiveDelivery } from '#server/integrations/webhooks'
import { queueUnclaimed } from '#server/scanner/due'
import { connectBlindly, install } from '../support/connections.ts'
import { delivery, receipts, signingKey, type NoisyEvent } from '../support/deliveries.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRoomsProcess, type Command, type RoomsProcess } from '../support/rooms-process.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { startRpcProxy, type RpcProxy } from '../support/rpc-proxy.ts'
import { noisy } from '../support/test-connectors.ts'

describe.skipIf(inject('databaseMode') === 'embedded')('kill -9', { timeout: 90_000 }, () => {
  let rooms: Rooms
  let provider: RotatingProvider
  let proxy: RpcProxy
  let env: Record<string, string>
  let victim: RoomsProcess
  let id: string
  beforeAll(async () => {
    rooms = await openRooms()
    provider = await startRotatingProvider()
    proxy = await startRpcProxy(rooms.env.SUPABASE_URL ?? '')
    const installed = install(noisy, { env: name => ({ ...provider.env(name), NOISY_APP_NAME: 'ours', NOISY_SIGNING_KEY: signingKey }) })
    env = { ...rooms.env, ...installed, SUPABASE_URL: proxy.url }
  })
  afterAll(async () => {
    useConnectors(null)
    await proxy?.close()
    await provider?.close()
    await rooms?.close()
  })
  beforeEach(async () => {
    await rooms.sql('delete from public.integrations')
    await rooms.sql('delete from public.webhook_receipts')
    await rooms.sql('delete from pgboss.job')
    const who = await rooms.person()
    id = await connectBlindly(noisy, who)
    await rooms.scan(who, id)
    await rooms.sql('delete from pgboss.job')
    victim = await startRoomsProcess(env)
  })
  afterEach(() => victim?.kill())

  async function killAt(rpc: string, where: 'before' | 'after', command: Command): Promise<void> {
    const reached = proxy.stop(rpc, where)
    const told = victim.tell(command).then(answer => `answered ${JSON.stringify(answer)}`, error => String(error))
    const early = await Promise.race([reached.then(() => null), told])
    if (early !== null) throw new Error(`It was to be killed ${where} ${rpc}, but ${early}`)
    await victim.kill()
    await proxy.forget()
    await told
  }

  const jobs = async (name: string) => (await rooms.sql('select 1 from pgboss.job where name = $1 and state = \'created\'', [name])).length
  const codeOf = async () => (await rooms.sql<{ code: string | null }>('select last_error ->> \'code\' as code from public.integrations where id = $1', [id]))[0]?.code
  const entries = async (action: string) => (await rooms.sql('select 1 from public.audit_log where target_id = $1 and action = $2 and actor_type = \'system\'', [id, action])).length
  const webhookScans = async () => (await rooms.sql('select 1 from public.assessments where integration_id = $1 and trigger = \'webhook\'', [id])).length
  const sent = (event: NoisyEvent, deliveryId: string = randomUUID()): Command & { do: 'deliver' } => ({ do: 'deliver', ...delivery([event], deliveryId) })
  const receive = ({ headers, body }: { headers: Record<string, string>, body: string }) => receiveDelivery(noisy, { headers: new Headers(headers), body: new TextEncoder().encode(body) }, new Date())

  it('before it is written down: nobody has acknowledged it, and it is taken when it comes again', async () => {
    const command = sent({ what: 'ended', account: 'acme' })
    await killAt('accept_deliveries', 'before', command)
    expect([await receipts(rooms), await jobs('webhook.apply')]).toEqual([[], 0])
    expect(await receive(command)).toEqual({ outcome: 'accepted' })
    await applyDeliveries('noisy', false)
    expect([await codeOf(), await entries('integration.ended')]).toEqual(['uninstalled', 1])
  })

  it('when it is written down and no job is: the sweep makes one, and the same delivery is not taken twice', async () => {
    const command = sent({ what: 'ended', account: 'acme' })
    await killAt('accept_deliveries', 'after', command)
    expect([(await receipts(rooms)).map(receipt => receipt.processed), await jobs('webhook.apply')]).toEqual([[false], 0])
    expect(await receive(command)).toEqual({ outcome: 'replayed' })
    expect(await queueDeliveries()).toBe(1)
    expect(await queueDeliveries()).toBe(1)
    expect(await jobs('webhook.apply')).toBe(1)
    await applyDeliveries('noisy', false)
    expect([await codeOf(), await entries('integration.ended'), await queueDeliveries()]).toEqual(['uninstalled', 1, 0])
  })

  it.each([['before', false], ['after', true]] as const)('%s it is applied: all of it or nothing, and once', async (where, done) => {
    await receive(sent({ what: 'ended', account: 'acme' }))
    await killAt('apply_deliveries', where, { do: 'apply' })
    expect([await codeOf(), await entries('integration.ended'), (await receipts(rooms))[0]?.processed]).toEqual(done ? ['uninstalled', 1, true] : [null, 0, false])
    await applyDeliveries('noisy', false)
    expect([await codeOf(), await entries('integration.ended'), (await receipts(rooms))[0]?.processed]).toEqual(['uninstalled', 1, true])
  })

  it.each([['before', 0], ['after', 1]] as const)('%s the scan that it asks for is queued: it is not forgotten', async (where, queued) => {
    await receive(sent({ what: 'changed', account: 'acme' }))
    await killAt('claim_webhook_scans', where, { do: 'apply' })
    expect([await webhookScans(), await jobs('scan.run')]).toEqual([queued, 0])
    await applyDeliveries('noisy', false)
    await queueUnclaimed()
    expect([await webhookScans(), await jobs('scan.run'), await entries('scan.requested')]).toEqual([1, 1, 1])
  })
})
