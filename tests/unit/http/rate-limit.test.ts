import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AppError } from '#server/errors'
import { countAttempt } from '#server/http/rate-limit'

const attempt = (limit: Parameters<typeof countAttempt>[0], key: string) => countAttempt(limit, key).then(() => null, (error: unknown) => error)

describe('countAttempt', () => {
  it.each([['signIn', 10], ['signInAddress', 100], ['signUp', 30], ['login', 60], ['token', 30]] as const)('lets %s through %i times', async (limit, points) => {
    const key = randomUUID()
    for (let count = 0; count < points; count++) expect(await attempt(limit, key)).toBeNull()
    const refused = await attempt(limit, key)
    expect(refused).toBeInstanceOf(AppError)
    expect(refused).toMatchObject({ code: 'rate_limited', options: { headers: { 'retry-after': expect.stringMatching(/^(?:[1-9]|[1-5]\d|60)$/) as string } } })
  })

  it('counts each key and each limit by itself', async () => {
    const key = randomUUID()
    for (let count = 0; count < 11; count++) await attempt('signIn', key)
    expect(await attempt('signIn', key)).not.toBeNull()
    expect(await attempt('signIn', randomUUID())).toBeNull()
    expect(await attempt('signUp', key)).toBeNull()
  })
})
