import { describe, expect, it } from 'vitest'
import { endsWithin, REFRESH_AHEAD_MS, refreshDueAt, tokenConfig } from '#server/integrations/token-config'

const now = new Date('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString()
const tokens = { accessToken: 'a', refreshToken: 'r', expiresIn: 3600, scopes: ['x'] }

describe('tokenConfig', () => {
  it('keeps all that came', () => {
    expect(tokenConfig(tokens, 60, now)).toEqual({ access_token: 'a', refresh_token: 'r', scopes_granted: ['x'], expires_in: 3600, expires_at: at(3600) })
  })

  it('leaves out what did not, so that what is stored stays', () => {
    const bare = tokenConfig({ ...tokens, refreshToken: undefined, scopes: undefined }, null, now)
    expect(Object.keys(bare).sort()).toEqual(['access_token', 'expires_at', 'expires_in'])
  })

  it('falls back on the last known lifetime, and on none', () => {
    expect(tokenConfig({ ...tokens, expiresIn: undefined }, 60, now)).toMatchObject({ expires_in: 60, expires_at: at(60) })
    expect(tokenConfig({ ...tokens, expiresIn: undefined }, null, now)).toMatchObject({ expires_in: null, expires_at: null })
    // Zero is an answer: it has ended.
    expect(tokenConfig({ ...tokens, expiresIn: 0 }, 60, now)).toMatchObject({ expires_in: 0, expires_at: at(0) })
  })
})

describe('refreshDueAt', () => {
  it.each([[at(3600), at(3000)], [at(700), at(100)], [at(600), at(60)], [at(-10), at(60)], [null, at(86_400)]])('%s: %s', (expiresAt, due) => {
    expect(refreshDueAt(expiresAt, now)).toBe(due)
  })
})

describe('endsWithin', () => {
  it.each([[at(299), true], [at(300), false], [at(301), false], [at(-1), true], [null, false], [undefined, false]])('%s within five minutes: %s', (expiresAt, expected) => {
    expect(endsWithin(expiresAt, REFRESH_AHEAD_MS, now)).toBe(expected)
  })
})
