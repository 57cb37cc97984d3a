import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { flowCookieName, FlowError, newState, newVerifier, openFlow, sealFlow, stateHash, stateMatches, type Flow } from '#server/oauth/state'
import { deriveKey, seal, useEncryptionKeys } from '#server/utils/encryption'

const key = randomBytes(32).toString('base64')
const minute = 60_000
const now = Date.UTC(2026, 10, 22)
const flow: Flow = { state: newState(), codeVerifier: newVerifier(), provider: 'supabase', userId: 'user-1', organizationId: 'org-1', integrationId: null, createdAt: now, awaits: 'consent', facts: {} }
beforeEach(() => useEncryptionKeys({ current: key }))

function reason(attempt: () => unknown): string {
  try { attempt() }
  catch (error) { return error instanceof FlowError ? error.reason : String(error) }
  return 'opened'
}

describe('state and verifier', () => {
  it('are 256 random bits', () => {
    const all = Array.from({ length: 500 }, () => [newState(), newVerifier()]).flat()
    for (const text of all) {
      expect(text).toMatch(/^[\w-]{43}$/)
      expect(Buffer.from(text, 'base64url')).toHaveLength(32)
    }
    expect(new Set(all).size).toBe(1000)
  })

  it('compares whole states of any length', () => {
    expect(stateMatches(flow.state, flow.state)).toBe(true)
    for (const other of ['', flow.state.slice(1), `${flow.state}x`, newState(), flow.state.toUpperCase()]) expect(stateMatches(flow.state, other)).toBe(false)
  })

  it('hashes with SHA-256 and names one cookie for each flow', () => {
    const hash = createHash('sha256').update('abc').digest('hex')
    expect(stateHash('abc')).toBe(hash)
    expect(flowCookieName('abc')).toBe(`connect_${hash.slice(0, 16)}`)
    expect(flowCookieName(newState())).toMatch(/^connect_[0-9a-f]{16}$/)
    expect(flowCookieName(newState())).not.toBe(flowCookieName(newState()))
  })
})

describe('a sealed flow', () => {
  it.each([flow, { ...flow, codeVerifier: null, integrationId: 'int-1' }])('opens as it was', (given) => {
    const sealed = sealFlow(given)
    expect(openFlow(sealed, { now })).toEqual(given)
    expect(sealed).toMatch(/^[\w.-]+$/)
    expect(sealed.length).toBeLessThan(1000)
  })

  it('hides what is in it, and is never the same twice', () => {
    const sealed = sealFlow(flow)
    const bytes = sealed.split('.').map(part => Buffer.from(part, 'base64url').toString('latin1')).join()
    for (const text of [flow.state, flow.codeVerifier ?? '', 'user-1', 'org-1']) expect(`${sealed}${bytes}`).not.toContain(text)
    expect(sealFlow(flow)).not.toBe(sealed)
  })

  it.each([[0, 'opened'], [9 * minute, 'opened'], [10 * minute, 'opened'], [10 * minute + 1, 'expired'], [24 * 60 * minute, 'expired'], [-30_000, 'opened'], [-minute - 1, 'malformed']])(
    'after %i ms is %s', (age, expected) => expect(reason(() => openFlow(sealFlow(flow), { now: now + age }))).toBe(expected))

  it('uses the clock when told nothing else', () => {
    expect(reason(() => openFlow(sealFlow({ ...flow, createdAt: Date.now() })))).toBe('opened')
    expect(reason(() => openFlow(sealFlow({ ...flow, createdAt: Date.now() - 11 * minute })))).toBe('expired')
  })

  it('does not open with any byte changed', () => {
    const parts = sealFlow(flow).split('.').map(part => Buffer.from(part, 'base64url'))
    parts.forEach((part, which) => part.forEach((byte, index) => {
      const changed = parts.map(item => Buffer.from(item))
      changed[which]?.writeUInt8(byte ^ 1, index)
      expect(reason(() => openFlow(changed.map(item => item.toString('base64url')).join('.'), { now }))).toBe('malformed')
    }))
  })

  it.each(['', '.', '..', '...', 'a.b.c', 'null', '{"state":"x"}', 'x'.repeat(100_000), `${'A'.repeat(16)}.${'A'.repeat(22)}.`])('is malformed when it is none: %j', (text) => {
    expect(reason(() => openFlow(text, { now }))).toBe('malformed')
  })

  it('opens under a previous key, and under no other', () => {
    const sealed = sealFlow(flow)
    useEncryptionKeys({ current: randomBytes(32).toString('base64'), previous: [key] })
    expect(openFlow(sealed, { now })).toEqual(flow)
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(reason(() => openFlow(sealed, { now }))).toBe('malformed')
  })

  it('cannot be made of something sealed for another purpose', () => {
    const forge = (purpose: string, bound: string, content: unknown) => {
      const iv = randomBytes(12)
      const { ciphertext, tag } = seal(deriveKey(purpose), iv, JSON.stringify(content), bound)
      return [iv, tag, ciphertext].map(part => part.toString('base64url')).join('.')
    }
    expect(reason(() => openFlow(forge('connect-flow/1', 'connect-flow/1', flow), { now }))).toBe('opened')
    expect(reason(() => openFlow(forge('session', 'connect-flow/1', flow), { now }))).toBe('malformed')
    expect(reason(() => openFlow(forge('connect-flow/1', 'session', flow), { now }))).toBe('malformed')
    expect(reason(() => openFlow(forge('connect-flow/1', 'connect-flow/1', { ...flow, more: 1 }), { now }))).toBe('malformed')
    expect(reason(() => openFlow(forge('connect-flow/1', 'connect-flow/1', { state: 'x' }), { now }))).toBe('malformed')
  })

  it('tells an error nothing of the flow', () => {
    expect(new FlowError('expired').message).toBe('The flow is expired')
  })
})
