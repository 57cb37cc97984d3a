/** Disconnect receipts: every outcome, told from the provider's own answers, signed, and read by those who may. */
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { serviceClient } from '#server/database/clients'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { printReceipt, receiptFileName } from '#server/integrations/receipt'
import { getReceipt, listReceipts } from '#server/integrations/receipts'
import { deleteWithReceipt, removeIntegration } from '#server/integrations/remove'
import { getIntegration } from '#server/integrations/view'
import { useEncryptionKeys } from '#server/utils/encryption'
import { publicSigningKeys } from '#server/utils/signing'
import { parseLocated } from '../../scripts/lib/located-json.ts'
import { checkReceipt } from '../../scripts/lib/receipt-check.ts'
import { signInAs } from '../support/account.ts'
import { newEncryptionKey } from '../support/backend.ts'
import { startNode } from '../support/child.ts'
import type { Fault } from '../support/faults.ts'
import { from, openRooms, type Rooms } from '../support/rooms.ts'
import { until } from '../support/until.ts'

let rooms: Rooms
beforeAll(async () => { rooms = await openRooms() })
afterAll(() => rooms?.close())
beforeEach(() => { rooms.provider.calls.splice(0) })
afterEach(() => rooms.provider.clearFaults())

const revocation = '/v1/oauth/revoke'
const byHand = 'https://supabase.com/dashboard/org/_/apps'
/** As it is, but for the waiting. */
const atOnce: EndGrantOptions = { sleep: () => setImmediate(), policy: { timeoutMs: 500 } }
const revocations = () => rooms.provider.count({ path: revocation })
const check = (text: string) => checkReceipt(parseLocated(text), publicSigningKeys())

async function connected() {
  const who = await rooms.person()
  signInAs(rooms.provider)
  const id = await rooms.connect(who)
  return { who, id }
}

it('says what became of each token, and counts what was deleted', async () => {
  const { who, id } = await connected()
  await rooms.scan(who, id)
  const count = async (sql: string) => Number((await rooms.sql<{ n: string }>(sql, [id]))[0]?.n)
  const before = {
    credentials: 2,
    resources: await count('select count(*) as n from public.integration_resources where integration_id = $1'),
    assessments: await count('select count(*) as n from public.assessments where integration_id = $1'),
    results: await count('select count(*) as n from public.assessment_results r join public.assessments a on a.id = r.assessment_id where a.integration_id = $1'),
    findings: await count('select count(*) as n from public.findings where integration_id = $1'),
  }
  expect(Math.min(...Object.values(before))).toBeGreaterThan(0)
  const integration = await getIntegration(who, id)
  const asked = new Date().toISOString()

  const { receiptId } = await removeIntegration(who, id, from)
  const receipt = await getReceipt(who, receiptId)
  const { name } = (await rooms.sql<{ name: string }>('select name from public.organizations where id = $1', [who.organizationId]))[0] ?? { name: '' }
  const line = { slot: 'main', outcome: 'revoked', attempts: 1, at: expect.any(String) as string }
  expect(receipt).toMatchObject({
    format: 'allyship-disconnect-receipt/1', id: receiptId, issuer: 'http://localhost:3999', organization: { id: who.organizationId, name },
    integration: { id, type: 'supabase', name: integration.name, account: { id: integration.external_account_id, name: integration.external_account_name }, connected_at: integration.created_at, sandbox: false },
    actor: { type: 'user', id: who.userId, email: who.email },
    tokens: [{ ...line, token: 'access_token' }, { ...line, token: 'refresh_token' }],
    deleted: { ...before, at: expect.any(String) as string },
  })
  // The moments are in their order, whatever clock they are by.
  const moments = [asked, receipt.requested_at, receipt.tokens[0]?.at ?? '', receipt.deleted.at]
  expect(moments.map(at => new Date(at).toISOString())).toEqual(moments)
  expect([...moments].sort()).toEqual(moments)
  expect(revocations()).toBe(1)

  const text = printReceipt(receipt)
  expect(check(text)).toMatchObject({ faults: [], kid: publicSigningKeys()[0]?.kid, receipt: { id: receiptId } })
  expect([...rooms.provider.secrets].filter(secret => text.includes(secret))).toEqual([])
  expect(receiptFileName(receipt)).toMatch(/^disconnect-receipt-[a-z0-9-]+-\d{4}-\d\d-\d\d\.json$/)
})

describe('the outcome of a revocation', () => {
  it.each<[string, Omit<Fault, 'path'>, { outcome: string, attempts: number, reason?: string }]>([
    ['answers 500 once', { kind: 'server_error', times: 1 }, { outcome: 'revoked', attempts: 2 }],
    ['is unreachable twice', { kind: 'reset', times: 2 }, { outcome: 'revoked', attempts: 3 }],
    ['answers 500', { kind: 'server_error' }, { outcome: 'failed', attempts: 3, reason: 'server_error' }],
    ['is down', { kind: 'reset' }, { outcome: 'failed', attempts: 3, reason: 'unreachable' }],
    ['asks us to slow down', { kind: 'rate_limited' }, { outcome: 'failed', attempts: 3, reason: 'rate_limited' }],
    ['asks us to come back tomorrow', { kind: 'rate_limited', retryAfterSeconds: 86_400 }, { outcome: 'failed', attempts: 1, reason: 'rate_limited' }],
    ['does not answer', { kind: 'slow' }, { outcome: 'failed', attempts: 3, reason: 'timeout' }],
    ['refuses us', { kind: 'unauthorized' }, { outcome: 'failed', attempts: 1, reason: 'unauthorized' }],
    ['redirects', { kind: 'redirect' }, { outcome: 'failed', attempts: 1, reason: 'redirected' }],
    ['answers hugely', { kind: 'huge' }, { outcome: 'failed', attempts: 1, reason: 'too_large' }],
    ['knows no such grant', { kind: () => Response.json({}, { status: 404 }) }, { outcome: 'already_gone', attempts: 1 }],
    ['says 200 and no', { kind: () => Response.json({ ok: false, error: 'access_denied' }) }, { outcome: 'failed', attempts: 1, reason: 'refused' }],
    ['says 200 and later', { kind: () => Response.json({ error: 'temporarily_unavailable' }) }, { outcome: 'failed', attempts: 3, reason: 'server_error' }],
  ])('when the provider %s', async (_what, fault, expected) => {
    const { who, id } = await connected()
    rooms.provider.fail({ ...fault, path: revocation })
    const { receiptId, revocation: word } = await removeIntegration(who, id, from, atOnce)
    expect([word, revocations()]).toEqual([expected.outcome, expected.attempts])
    const { tokens } = await getReceipt(who, receiptId)
    expect(tokens.map(token => token.token)).toEqual(['access_token', 'refresh_token'])
    for (const token of tokens) {
      expect(token).toEqual({ slot: 'main', token: token.token, at: expect.any(String) as string, ...expected, ...(expected.outcome === 'failed' ? { manual_url: byHand } : {}) })
    }
    await expect(getIntegration(who, id)).rejects.toMatchObject({ code: 'not_found' })
  })

  it.each<[string, string, string[], string]>([
    ['its credential can\'t be opened', 'config = config || \'{"refresh_token": "00000000:AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.AAAA"}\'', ['access_token', 'refresh_token'], 'credential_unreadable'],
    ['its row is damaged', 'config = \'{}\'', ['access_token'], 'credential_unreadable'],
    ['the stand-in that granted it is off', 'sandbox = true', ['access_token', 'refresh_token'], 'not_configured'],
  ])('when %s: removed all the same, without a call', async (_what, change, tokens, reason) => {
    const { who, id } = await connected()
    await rooms.sql(`update public.integrations set ${change} where id = $1`, [id])
    const { receiptId } = await removeIntegration(who, id, from)
    const receipt = await getReceipt(who, receiptId)
    expect(receipt.tokens).toEqual(tokens.map(token => ({ slot: 'main', token, outcome: 'failed', attempts: 0, at: expect.any(String) as string, reason, manual_url: byHand })))
    expect([revocations(), check(printReceipt(receipt)).faults]).toEqual([0, []])
  })

  it('when this version does not know the provider', async () => {
    const { who, id } = await connected()
    await rooms.sql('update public.integrations set integration_type = \'forgotten\' where id = $1', [id])
    const { receiptId, manualUrl } = await removeIntegration(who, id, from)
    expect([manualUrl, (await getReceipt(who, receiptId)).tokens]).toEqual([null, [expect.objectContaining({ outcome: 'failed', reason: 'provider_unknown' })]])
  })
})

describe('the signature', () => {
  const stored = async (id: string) => (await rooms.sql<{ signature: unknown }>('select signature from public.disconnect_receipts where id = $1', [id]))[0]?.signature

  it('is there when the removal has ended', async () => {
    const { who, id } = await connected()
    const { receiptId } = await removeIntegration(who, id, from)
    expect(await stored(receiptId)).toMatchObject({ alg: 'Ed25519', kid: publicSigningKeys()[0]?.kid })
  })

  it('is made by the first who reads, when the process died after the deletion', async () => {
    const { who, id } = await connected()
    const { row } = await deleteWithReceipt(who, id, from)
    expect(await stored(row.receipt_id)).toBeNull()
    await expect(getIntegration(who, id)).rejects.toMatchObject({ code: 'not_found' })
    const texts = (await Promise.all(Array.from({ length: 5 }, () => getReceipt(who, row.receipt_id)))).map(printReceipt)
    expect(new Set(texts).size).toBe(1)
    expect(check(texts[0] ?? '').faults).toEqual([])
    expect(await stored(row.receipt_id)).toMatchObject({ alg: 'Ed25519' })
  })

  // Another process: only on a database that several may use.
  it.runIf(inject('databaseMode') === 'supabase')('survives kill -9 between the deletion and the signing', async () => {
    const { who, id } = await connected()
    const child = startNode([join(import.meta.dirname, 'always-true/delete-unsigned.ts'), id, who.organizationId, who.userId, who.email], rooms.env)
    try {
      await until(() => child.output().includes('deleted, not signed'), { timeoutMs: 60_000, what: 'the deletion' })
    }
    finally {
      await child.end('SIGKILL')
    }
    const { data: [listed] } = await listReceipts(who, { limit: 10 })
    expect(await stored(listed?.id ?? '')).toBeNull()
    const receipt = await getReceipt(who, listed?.id ?? '')
    expect([receipt.integration.id, check(printReceipt(receipt)).faults]).toEqual([id, []])
  })

  it('stays good, and the same, when the key changes', async () => {
    const { who, id } = await connected()
    const { receiptId } = await removeIntegration(who, id, from)
    const before = printReceipt(await getReceipt(who, receiptId))
    const current = rooms.env.ENCRYPTION_KEY ?? ''
    try {
      useEncryptionKeys({ current: newEncryptionKey(), previous: [current] })
      expect(printReceipt(await getReceipt(who, receiptId))).toBe(before)
      expect(check(before).faults).toEqual([])
    }
    finally {
      useEncryptionKeys({ current })
    }
  })

  it('is set once, and nothing else of a receipt ever, not even by the service', async () => {
    const { who, id } = await connected()
    const { receiptId } = await removeIntegration(who, id, from)
    const before = await getReceipt(who, receiptId)
    const table = () => serviceClient().from('disconnect_receipts')
    for (const attempt of [
      table().update({ signature: { alg: 'Ed25519', kid: 'x', value: 'y' } }).eq('id', receiptId),
      table().update({ payload: {} }).eq('id', receiptId),
      table().delete().eq('id', receiptId),
    ]) expect((await attempt).error?.code).toBe('42501')
    expect(await getReceipt(who, receiptId)).toEqual(before)
  })
})

describe('who', () => {
  it('may read: those who administer the organization, and nobody of another one', async () => {
    const { who, id } = await connected()
    const stranger = await rooms.person()
    const { receiptId } = await removeIntegration(who, id, from)
    expect((await listReceipts(who, { limit: 10 })).data.map(one => one.id)).toEqual([receiptId])
    for (const other of [stranger, { ...stranger, organizationId: who.organizationId }]) {
      await expect(getReceipt(other, receiptId)).rejects.toMatchObject({ code: 'not_found' })
      expect((await listReceipts(other, { limit: 10 })).data).toEqual([])
    }
    await rooms.sql('insert into public.user_organizations (user_id, organization_id, role) values ($1, $2, \'member\')', [stranger.userId, who.organizationId])
    await expect(getReceipt({ ...stranger, organizationId: who.organizationId }, receiptId)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('may delete an integration: nobody past the receipt, straight through the data API', async () => {
    const { who, id } = await connected()
    expect((await who.client.from('integrations').delete().eq('id', id)).error?.code).toBe('42501')
    const asked = await who.client.rpc('remove_integration', { p_id: id, p_organization_id: who.organizationId, p_actor: who.userId, p_version: 1, p_left: false, p_receipt: {}, p_audit: {} })
    expect(asked.error?.code).toBe('42501')
    expect((await getIntegration(who, id)).id).toBe(id)
    expect(revocations()).toBe(0)
  })

  it('removes at the same time: one receipt', async () => {
    const { who, id } = await connected()
    const ends = await Promise.allSettled(Array.from({ length: 4 }, () => removeIntegration(who, id, from, atOnce)))
    expect(ends.filter(end => end.status === 'fulfilled')).toHaveLength(1)
    expect((await listReceipts(who, { limit: 10 })).data).toHaveLength(1)
  })
})

it('lists them by pages, newest first', async () => {
  const who = await rooms.person()
  signInAs(rooms.provider)
  const made: string[] = []
  for (let round = 0; round < 3; round++) made.unshift((await removeIntegration(who, await rooms.connect(who), from)).receiptId)
  const all = await listReceipts(who, { limit: 10 })
  expect(all.data.map(one => one.id)).toEqual(made)
  expect(all.data[0]).toMatchObject({ integration: { type: 'supabase' }, actor: { email: who.email }, tokens: [{ outcome: 'revoked' }, { outcome: 'revoked' }] })
  expect((await listReceipts(who, { limit: 2 })).next_cursor).not.toBeNull()
})
