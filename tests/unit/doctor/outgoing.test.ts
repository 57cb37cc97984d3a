import { describe, expect, it } from 'vitest'
import { ProviderError } from '#server/errors'
import { causeOf, clockOf, reach, remedyFor, skewBetween } from '#server/doctor/outgoing'

const at = Date.UTC(2026, 0, 1, 12)
const headers = (date: string) => new Headers({ date })

describe('clockOf', () => {
  it('allows for the whole seconds of the header and the time of the call', () => {
    for (const [since, until] of [[at, at], [at + 900, at + 950], [at - 2_000, at + 8_000], [at - 500, at]] as const) {
      expect(clockOf('http://a.example', headers(new Date(at).toUTCString()), since, until)).toEqual({ whose: 'a.example', skewMs: 0 })
    }
  })

  it('is ahead or behind by what is left', () => {
    expect(clockOf('http://a.example:8', headers(new Date(at + 60_000).toUTCString()), at - 100, at)).toEqual({ whose: 'a.example:8', skewMs: 60_000 })
    expect(clockOf('http://a.example', headers(new Date(at - 60_000).toUTCString()), at, at + 100)?.skewMs).toBe(-59_000)
    expect(skewBetween(5, 5, 7, 9)).toBe(-2)
    expect(skewBetween(12, 12, 7, 9)).toBe(3)
  })

  it('says nothing without a time', () => {
    for (const date of ['', 'yesterday']) expect(clockOf('http://a.example', headers(date), at, at)).toBeNull()
  })
})

describe('reach', () => {
  const answering = (status: number, init: ResponseInit = {}) => reach('http://127.0.0.1', '/robots.txt', () => at, async () => new Response('x', { status, ...init }))

  it.each([200, 401, 404, 500])('takes HTTP %i for an answer', async status => expect((await answering(status)).status).toBe(status))

  it('takes a redirect for an answer', async () => {
    expect(await answering(302, { headers: { location: 'http://127.0.0.1/elsewhere' } })).toEqual({ status: 302, answer: null, clock: null })
  })

  it('fails with the network\'s own code', async () => {
    const fetch = () => Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ENOTFOUND' }) }))
    const error = await reach('http://127.0.0.1', '/robots.txt', () => at, fetch).catch((error: unknown) => error)
    expect(error instanceof ProviderError && causeOf(error)).toBe('ENOTFOUND')
  })
})

describe('remedyFor', () => {
  it.each([
    ['ENOTFOUND', 'DNS'], ['EAI_AGAIN', 'DNS'], ['CERT_HAS_EXPIRED', 'certificate'], ['DEPTH_ZERO_SELF_SIGNED_CERT', 'certificate'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'certificate'], ['ECONNREFUSED', 'firewall'], ['timeout', 'firewall'], ['UND_ERR_CONNECT_TIMEOUT', 'firewall'],
  ])('%s: %s', (cause, word) => {
    const remedy = remedyFor(cause, 'api.example.com', 'X_API_URL')
    expect(remedy).toContain(word)
    expect(remedy).toContain('api.example.com')
  })
})
