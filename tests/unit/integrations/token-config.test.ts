import { describe, expect, it } from 'vitest'
import { endsWithin, grantConfig, nextRefresh, REFRESH_AHEAD_MS, refreshDueAt, slotConfig, tokenConfig } from '#server/integrations/token-config'

const now = new Date('2026-01-01T00:00:00Z')
const at = (seconds: number) => new Date(now.getTime() + seconds * 1000).toISOString()
const tokens = { accessToken: 'a', refreshToken: 'r', expiresIn: 3600, scopes: ['x'] }

describe('tokenConfig', () => {
  it('keeps all that came', () => {
    expect(tokenConfig(tokens, 60, now)).toEqual({ access_token: 'a', refresh_token: 'r', refresh_issued_at: at(0), refresh_expires_at: null, scopes_granted: ['x'], expires_in: 3600, expires_at: at(3600) })
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

  it('notes when a refresh token came, whose end is not the one of the token before', () => {
    expect(tokenConfig({ ...tokens, refreshExpiresIn: 7200 }, null, now)).toMatchObject({ refresh_issued_at: at(0), refresh_expires_at: at(7200) })
    const kept = tokenConfig({ ...tokens, refreshToken: undefined, refreshExpiresIn: 7200 }, null, now)
    expect(kept).toMatchObject({ refresh_expires_at: at(7200) })
    expect(kept).not.toHaveProperty('refresh_issued_at')
  })

  it('keeps the end of the refresh token, and no date beyond what a database can hold', () => {
    expect(tokenConfig({ ...tokens, refreshExpiresIn: 7200 }, null, now)).toMatchObject({ refresh_expires_at: at(7200) })
    const tenYears = 10 * 365 * 24 * 3600
    expect(tokenConfig({ ...tokens, expiresIn: 9e15, refreshExpiresIn: 9e15 }, null, now)).toMatchObject({ expires_in: tenYears, expires_at: at(tenYears), refresh_expires_at: at(tenYears) })
  })
})

describe('slotConfig and grantConfig', () => {
  it('put a further token under its slot\'s names', () => {
    expect(slotConfig('main', tokens, null, now)).toEqual(tokenConfig(tokens, null, now))
    expect(slotConfig('user', tokens, null, now)).toEqual({
      user_access_token: 'a', user_refresh_token: 'r', user_refresh_issued_at: at(0), user_refresh_expires_at: null, user_scopes_granted: ['x'], user_expires_in: 3600, user_expires_at: at(3600),
    })
  })

  it('leave nothing of the grant before', () => {
    const secrets = ['access_token', 'refresh_token', 'user_access_token', 'user_refresh_token']
    expect(grantConfig({ accessToken: 'a' }, secrets, now)).toEqual({
      access_token: 'a', refresh_token: null, user_access_token: null, user_refresh_token: null, expires_in: null, expires_at: null,
    })
    expect(grantConfig({ ...tokens, extra: { user: { accessToken: 'u', expiresIn: 60 } } }, secrets, now)).toMatchObject({
      access_token: 'a', refresh_token: 'r', user_access_token: 'u', user_refresh_token: null, user_expires_at: at(60),
    })
  })
})

describe('nextRefresh', () => {
  const slots = ['main', 'user']
  const config = (main: number | null, user?: number | null, userRenewable = true) => ({
    access_token: 'a', expires_at: main === null ? null : at(main),
    ...(user === undefined ? {} : { user_access_token: 'u', user_refresh_token: userRenewable ? 'r' : null, user_expires_at: user === null ? null : at(user) }),
  })
  it.each([
    ['the only one', config(3600), 'main', 3000],
    ['the earlier one', config(7200, 3600), 'user', 3000],
    ['the earlier one, the other way round', config(3600, 7200), 'main', 3000],
    ['the main one, of two that end together', config(3600, 3600), 'main', 3000],
    ['the one that ends', config(null, 3600), 'user', 3000],
    ['one that ended, in a minute', config(7200, -10), 'user', 60],
    ['a day, when none ends', config(null, null), 'main', 86_400],
    ['a day, when all outlive it', config(90 * 86_400, 91 * 86_400), 'main', 86_400],
    ['not one that nothing can renew', config(7200, -10, false), 'main', 6600],
    ['but the main one, renewable or not', config(-10), 'main', 60],
    ['a day, without any', {}, 'main', 86_400],
  ])('%s', (_, given, slot, due) => expect(nextRefresh(given, slots, now)).toEqual({ slot, dueAt: at(due) }))
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
