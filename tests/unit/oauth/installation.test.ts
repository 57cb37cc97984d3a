import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { installationIdPattern, newInstallationId, openInstallation, sealInstallation, startsElsewhere, type Installation } from '#server/oauth/installation'
import { FlowError, openFlow, sealFlow } from '#server/oauth/state'
import { useEncryptionKeys } from '#server/utils/encryption'
import { isOAuth } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { connectorWith } from './support'

const key = randomBytes(32).toString('base64')
beforeEach(() => useEncryptionKeys({ current: key }))

const installation = (changes: Partial<Installation> = {}): Installation => ({
  id: '0123456789abcdef', provider: 'example', code: 'the-code', facts: { team_id: 'T1' }, for: { userId: 'u', organizationId: 'o' }, createdAt: 1_000_000, ...changes,
})
const opened = (sealed: string, now = 1_000_000) => {
  try { return openInstallation(sealed, { now }) }
  catch (error) { return error instanceof FlowError ? error.reason : String(error) }
}

describe('a sealed installation', () => {
  it('comes back as it was, and shows nothing of it', () => {
    const sealed = sealInstallation(installation()) ?? ''
    expect(opened(sealed)).toEqual(installation())
    expect(opened(sealInstallation(installation({ for: null })) ?? '')).toEqual(installation({ for: null }))
    expect(sealed).not.toContain('the-code')
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('the-code')
  })

  it('lives for ten minutes', () => {
    const sealed = sealInstallation(installation()) ?? ''
    expect(opened(sealed, 1_000_000 + 600_000)).toEqual(installation())
    expect(opened(sealed, 1_000_000 + 600_001)).toBe('expired')
    expect(opened(sealed, 1_000_000 - 60_001)).toBe('malformed')
  })

  it('is none when it was altered, cut, or sealed by another key', () => {
    const sealed = sealInstallation(installation()) ?? ''
    const flipped = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA')
    for (const text of [flipped, sealed.slice(0, -1), `${sealed}.x`, '', 'a.b.c']) expect(opened(text), text).toBe('malformed')
    useEncryptionKeys({ current: randomBytes(32).toString('base64') })
    expect(opened(sealed)).toBe('malformed')
  })

  it('is no flow, nor a flow one of these', () => {
    const flow = { state: 's', codeVerifier: null, provider: 'example', userId: 'u', organizationId: 'o', integrationId: null, createdAt: 1_000_000, awaits: 'consent' as const, facts: {} }
    expect(() => openFlow(sealInstallation(installation()) ?? '', { now: 1_000_000 })).toThrow(FlowError)
    expect(opened(sealFlow(flow))).toBe('malformed')
  })

  it('is not made when a cookie could not hold it', () => {
    expect(sealInstallation(installation({ code: 'c'.repeat(2_000) }))).not.toBeNull()
    expect(sealInstallation(installation({ code: 'c'.repeat(4_000) }))).toBeNull()
  })

  it('has an id of its own', () => {
    const ids = Array.from({ length: 100 }, newInstallationId)
    expect(ids.every(id => installationIdPattern.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(100)
  })
})

describe('a start elsewhere', () => {
  it('is for connectors that say so, and not with PKCE', () => {
    expect(startsElsewhere(connectorWith({ pkce: 'none' }))).toBe(false)
    expect(startsElsewhere(connectorWith({ pkce: 'none', startsElsewhere: true }))).toBe(true)
    expect(startsElsewhere(connectorWith({ pkce: 'S256', startsElsewhere: true }))).toBe(false)
  })

  it.each(allConnectors().filter(isOAuth).map(connector => [connector.id, connector.authorization] as const))('is not claimed in vain by %s', (_, { startsElsewhere, pkce }) => {
    expect(startsElsewhere === true && pkce !== 'none', 'To fix: leave out startsElsewhere, or PKCE').toBe(false)
  })
})
