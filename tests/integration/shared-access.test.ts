/**
 * One account at a provider, several organizations: where one call ends all of its access, it is made for the last one only, and
 * nobody's connection is ended by somebody else's leaving.
 */
import process from 'node:process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Connector } from '#server/connectors/contract'
import { useConnectors } from '#server/connectors/registry'
import { supabase } from '#server/connectors/supabase'
import type { Caller } from '#server/database/caller'
import { useSupabase } from '#server/database/clients'
import { confirmConnection } from '#server/integrations/confirm'
import { withStoredCredential } from '#server/integrations/credentials'
import { cancelConnection } from '#server/integrations/pending-end'
import { getReceipt } from '#server/integrations/receipts'
import { removeIntegration } from '#server/integrations/remove'
import { pruneEndings } from '#server/integrations/retention'
import { loadEnv } from '#server/utils/env'
import { signInAs } from '../support/account.ts'
import { connectBlindly, install } from '../support/connections.ts'
import { newGate } from '../support/gate.ts'
import { endCalls, holdCalls } from '../support/held-calls.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'
import { until } from '../support/until.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(async () => {
  await rooms.sql('delete from public.organizations')
  await rooms.sql('delete from public.installation_endings')
  rooms.provider.calls.splice(0)
})
afterEach(() => {
  useConnectors(null)
  rooms.provider.clearFaults()
})

const revocation = '/v1/oauth/revoke'
const byHand = 'https://supabase.com/dashboard/org/_/apps'
const revocations = () => rooms.provider.count({ path: revocation })

interface Side { who: Caller, id: string }
/** Of the same account, unless the test says otherwise. */
async function connected(): Promise<Side> {
  const who = await rooms.person()
  return { who, id: await rooms.connect(who) }
}

async function held(slug: string): Promise<Side & { pending: string }> {
  const { who, id } = await connected()
  signInAs(rooms.provider, slug)
  const { pendingId = '' } = await rooms.arrive(who, id)
  rooms.provider.clearFaults()
  return { who, id, pending: pendingId }
}

async function remove({ who, id }: Side) {
  const { receiptId, revocation } = await removeIntegration(who, id, from)
  return { revocation, tokens: (await getReceipt(who, receiptId)).tokens }
}

const left = (token: string) => ({ slot: 'main', token, outcome: 'not_supported', attempts: 0, at: expect.any(String) as string, reason: 'shared_installation', manual_url: byHand })
const allLeft = { revocation: 'not_supported', tokens: [left('access_token'), left('refresh_token')] }

describe('removing', () => {
  it('leaves the access at the provider while another organization has that account, says so, and names nobody', async () => {
    const [ours, theirs] = [await connected(), await connected()]
    const { revocation, tokens } = await remove(ours)
    expect({ revocation, tokens }).toEqual(allLeft)
    expect(revocations()).toBe(0)
    expect(JSON.stringify(tokens)).not.toContain(theirs.who.organizationId)
    expect((await rooms.scan(theirs.who, theirs.id)).counts.error).toBe(0)
    // Not even opened.
    expect(await rooms.sql(`select 1 from public.audit_log where organization_id = $1 and action = 'credential.used'`, [ours.who.organizationId])).toEqual([])

    expect(await remove(theirs)).toMatchObject({ revocation: 'revoked' })
    expect(revocations()).toBe(1)
  })

  it('does not count another account, another provider\'s, or the stand-in\'s', async () => {
    const [ours, ...others] = [await connected(), await connected(), await connected(), await connected()]
    const [account, type, sandbox] = others.map(other => other.id)
    await rooms.sql(`update public.integrations set external_account_id = 'another' where id = $1`, [account])
    await rooms.sql(`update public.integrations set integration_type = 'another' where id = $1`, [type])
    await rooms.sql('update public.integrations set sandbox = true where id = $1', [sandbox])
    expect(await remove(ours)).toMatchObject({ revocation: 'revoked' })
  })

  it('counts a connection that somebody may still confirm, which then works', async () => {
    const slug = 'wanted-by-two'
    const waits = await held(slug)
    signInAs(rooms.provider, slug)
    const ours = await connected()
    rooms.provider.clearFaults()
    expect(await remove(ours)).toEqual(allLeft)
    const id = await confirmConnection(waits.who, waits.pending, from)
    expect((await rooms.scan(waits.who, id)).counts.error).toBe(0)
  })

  it('by both at the same moment ends it once: the second to leave is the last', async () => {
    const [ours, theirs] = [await connected(), await connected()]
    // Both have seen the other one, and leave together.
    const calls = holdCalls(rooms.address, 'remove_integration')
    const leaving = Promise.all([remove(ours), remove(theirs)])
    await until(() => calls.waiting() === 2, { what: 'both to have decided' })
    expect(revocations()).toBe(0)
    calls.open()
    const words = (await leaving).map(one => one.revocation)
    expect(words.sort()).toEqual(['not_supported', 'revoked'])
    expect(revocations()).toBe(1)
  })

  it('by many at once never leaves it to each other', async () => {
    const sides = await Promise.all(Array.from({ length: 4 }, connected))
    const words = (await Promise.all(sides.map(remove))).map(one => one.revocation)
    expect(words.filter(word => word === 'revoked')).toHaveLength(1)
    expect(revocations()).toBe(1)
  })

  it('ends only its own tokens, whoever else is there, where the provider can do that', async () => {
    const { clientId, clientSecret, url } = rooms.provider
    const precise: Connector = { ...supabase, id: 'precise', authorization: { ...supabase.authorization, revocation: supabase.authorization.revocation && { ...supabase.authorization.revocation, ends: 'tokens' } } }
    Object.assign(process.env, { PRECISE_CLIENT_ID: clientId, PRECISE_CLIENT_SECRET: clientSecret, PRECISE_API_URL: url, PRECISE_AUTH_URL: url })
    useConnectors([supabase, precise])
    loadEnv([supabase.id, precise.id])
    const [ours, theirs] = [await connected(), await connected()]
    await rooms.sql(`update public.integrations set integration_type = 'precise'`)
    expect(await remove(ours)).toMatchObject({ revocation: 'revoked' })
    expect(revocations()).toBe(1)
    expect((await rooms.scan(theirs.who, theirs.id)).counts.error).toBe(0)
  })
})

describe('a connection that nobody wants', () => {
  it('is left, and the last one to leave ends it after all', async () => {
    const slug = 'left-by-two'
    const waits = await held(slug)
    signInAs(rooms.provider, slug)
    const theirs = await connected()
    rooms.provider.clearFaults()
    const calls = holdCalls(rooms.address, 'end_connection')
    const cancelling = cancelConnection(waits.who, waits.pending, from)
    await until(() => calls.waiting() === 1, { what: 'the decision to leave it' })
    expect(await remove(theirs)).toMatchObject({ revocation: 'revoked' })
    calls.open()
    await cancelling
    expect(revocations()).toBe(2)
    expect(await rooms.sql('select 1 from public.pending_connections')).toEqual([])
    const [ended] = await rooms.sql<{ detail: object }>(`select detail from public.audit_log where organization_id = $1 and action = 'connection.ended'`, [waits.who.organizationId])
    expect(ended?.detail).toMatchObject({ reason: 'cancelled', revocation: 'revoked' })
  })
})

describe('a grant of which nothing comes', () => {
  const nothing: [string, () => void, boolean][] = [
    ['its account is known', () => rooms.provider.fail({ kind: () => Response.json([]), path: '/v1/projects' }), true],
    ['its account can\'t be read', () => rooms.provider.fail({ kind: 'forbidden', path: '/v1/organizations' }), false],
  ]

  it.each(nothing)('is not ended while another organization\'s connection may rest on it: %s', async (_what, fault) => {
    const theirs = await connected()
    fault()
    await expect(rooms.connect(await rooms.person())).rejects.toMatchObject({ name: 'ConnectRefused' })
    expect(revocations()).toBe(0)
    rooms.provider.clearFaults()
    expect((await rooms.scan(theirs.who, theirs.id)).counts.error).toBe(0)
  })

  it.each(nothing)('is ended when nothing does: %s', async (_what, fault, known) => {
    signInAs(rooms.provider)
    // Of another account: in the way only when it is not known which one this is.
    if (known) await connected()
    rooms.provider.clearFaults()
    fault()
    await expect(rooms.connect(await rooms.person())).rejects.toMatchObject({ name: 'ConnectRefused' })
    expect(revocations()).toBe(1)
  })
})

it('a grant that was stored, and nobody was told, is not ended', async () => {
  const provider = await startRotatingProvider()
  const { revocation: how } = supabase.authorization
  const precise: Connector = { ...mirror, authorization: { ...supabase.authorization, revocation: { ...how, ends: 'tokens' } } }
  install(precise, provider)
  const pass = rooms.address.fetch ?? fetch
  useSupabase({ ...rooms.address, fetch: async (input, init) => {
    const answer = await pass(input, init)
    if (String(input instanceof Request ? input.url : input).endsWith('/rpc/store_connection')) throw new TypeError('fetch failed')
    return answer
  } })
  try {
    const who = await rooms.person()
    await expect(connectBlindly(precise, who)).rejects.toThrow()
    expect(await rooms.sql('select 1 from public.integrations where organization_id = $1', [who.organizationId])).toHaveLength(1)
    expect(provider.tokenCalls.map(call => call.grantType)).toEqual(['authorization_code'])
  }
  finally {
    useSupabase(rooms.address)
    await provider.close()
  }
})

it('a grant that could not be stored is ended, and the one before it, of the same account, is not', async () => {
  const provider = await startRotatingProvider()
  const { revocation: how } = supabase.authorization
  const precise: Connector = { ...mirror, authorization: { ...supabase.authorization, revocation: { ...how, ends: 'tokens' } } }
  install(precise, provider)
  try {
    const who = await rooms.person()
    const id = await connectBlindly(precise, who)
    const [before] = await rooms.sql('select config, version from public.integrations where id = $1', [id])
    const ended = endCalls(rooms.address, 'store_connection', Infinity)
    await expect(connectBlindly(precise, who)).rejects.toMatchObject({ name: 'AppError', code: 'internal' })
    expect(ended()).toBeGreaterThan(1)
    useSupabase(rooms.address)
    expect(provider.revocations).toHaveLength(1)
    expect(await rooms.sql('select config, version from public.integrations where organization_id = $1', [who.organizationId])).toEqual([before])
    const kept = await withStoredCredential({ integrationId: id, purpose: 'test', actor: { type: 'system', id: null, email: null } }, async secrets => secrets.refreshToken)
    expect(provider.revoked).toHaveLength(1)
    expect(provider.revoked).not.toContain(kept)
  }
  finally {
    useSupabase(rooms.address)
    await provider.close()
  }
})

describe('whoever connects while all access is being ended', () => {
  it('is refused, since the new grant may be ended with it; afterwards it works', async () => {
    const last = await connected()
    const gate = newGate()
    rooms.provider.fail({ kind: gate.respond, path: revocation, times: 1 })
    const leaving = remove(last)
    await until(() => gate.waiting() === 1, { what: 'the revocation' })
    const late = await rooms.person()
    await expect(rooms.connect(late)).rejects.toMatchObject({ name: 'AppError', code: 'access_ended' })
    expect(await rooms.sql('select 1 from public.integrations where organization_id = $1', [late.organizationId])).toEqual([])
    gate.open()
    expect(await leaving).toMatchObject({ revocation: 'revoked' })
    const id = await rooms.connect(late)
    expect((await rooms.scan(late, id)).counts.error).toBe(0)
  })

  it('is refused as well when the consent was given before and comes back after', async () => {
    const last = await connected()
    const late = await rooms.person()
    // The code is redeemed, and the account not yet read, when the other one leaves.
    const gate = newGate()
    rooms.provider.fail({ kind: gate.respond, path: /^\/v1\/organizations$/, times: 1 })
    const connecting = rooms.connect(late)
    connecting.catch(() => {}) // Awaited below.
    await until(() => gate.waiting() === 1, { what: 'the consent to be under way' })
    expect(await remove(last)).toMatchObject({ revocation: 'revoked' })
    gate.open()
    await expect(connecting).rejects.toMatchObject({ code: 'access_ended' })
  })

  it('is not held up by one that ended long ago, which is forgotten', async () => {
    const last = await connected()
    await remove(last)
    await rooms.sql(`update public.installation_endings set ended_at = now() - interval '2 days'`)
    expect(await pruneEndings()).toBe(1)
    expect(await rooms.sql('select 1 from public.installation_endings')).toEqual([])
  })
})
