import process from 'node:process'
import type { AuthError } from '@supabase/supabase-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cookieOptions, isAway } from '#server/accounts/session'
import { loadEnv } from '#server/utils/env'

describe('isAway', () => {
  const error = (status: number | undefined) => ({ name: 'AuthError', message: 'x', status }) as AuthError
  // supabase-js says 0 where there was no answer at all.
  it.each([[undefined, true], [0, true], [500, true], [503, true], [400, false], [401, false], [403, false], [422, false], [429, false]])('status %s: %s', (status, away) => expect(isAway(error(status))).toBe(away))
})

describe('cookieOptions', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    delete process.env.APP_URL
    loadEnv()
  })

  it.each([['http://localhost:3000', false], ['https://app.example', true], ['https://app.example/base', true]])('of %s: Secure is %s, and no script reads them', (url, secure) => {
    vi.stubEnv('APP_URL', url)
    loadEnv()
    expect(cookieOptions()).toEqual({ path: '/', httpOnly: true, sameSite: 'lax', secure })
  })
})
