import { describe, expect, it } from 'vitest'
import { AppError, OAuthError, ProviderError } from '#server/errors'
import { afterLimit, failureOf, neverSent, retryAt, sentenceOf, sentences } from '#server/integrations/refresh-policy'

const now = new Date('2026-01-01T00:00:00Z')
const minutes = (at: Date) => (at.getTime() - now.getTime()) / 60_000
const asked = (seconds: number | null) => new OAuthError('passing', 'rate_limited', {}, seconds)

describe('retryAt', () => {
  it.each([
    ['passing', 0, 1], ['passing', 1, 2], ['passing', 5, 32], ['passing', 6, 60], ['passing', 1_000_000, 60],
    ['our_application', 0, 10], ['our_application', 3, 60], ['our_application', 100, 60],
    ['dead_grant', 0, 1_440], ['dead_grant', 2, 4 * 1_440], ['dead_grant', 3, 7 * 1_440], ['dead_grant', 100, 7 * 1_440],
  ] as const)('%s after %i failures: %i minutes, give or take half of it', (failure, failures, wait) => {
    expect(minutes(retryAt(failure, failures, now, undefined, 0))).toBe(wait * 0.5)
    expect(minutes(retryAt(failure, failures, now, undefined, 0.5))).toBe(wait)
    expect(minutes(retryAt(failure, failures, now, undefined, 1))).toBe(wait * 1.5)
  })

  it('spreads what failed together', () => {
    const waits = Array.from({ length: 200 }, () => minutes(retryAt('passing', 6, now)))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(30)
    expect(Math.max(...waits)).toBeLessThanOrEqual(90)
    expect(Math.max(...waits) - Math.min(...waits)).toBeGreaterThan(30)
  })

  it.each([[30, 0.5], [600, 10], [86_400, 1_440], [1e9, 1_440], [0, 0.5], [null, 0.5]])('waits as long as the provider asks, a day at most: %j seconds', (seconds, wait) => {
    expect(minutes(retryAt('passing', 0, now, asked(seconds), 0))).toBe(wait)
  })

  it('waits longer than the provider asks when it has failed for long', () => {
    expect(minutes(retryAt('passing', 6, now, asked(60), 0.5))).toBe(60)
  })
})

describe('afterLimit', () => {
  const tomorrow = new Date('2026-01-02T00:00:00Z')

  it.each([[1_800, 30, 36], [undefined, 5, 6], [0, 5, 6], [60, 5, 6], [86_400, 1_440, 1_440], [1e9, 1_440, 1_440]])('%j seconds: %i to %i minutes', (seconds, low, high) => {
    expect([0, 1].map(random => minutes(afterLimit(seconds, tomorrow, now, random)))).toEqual([low, high])
  })

  it.each([[20, 20, 20], [1, 5, 6]])('is no later than planned, in %i minutes, but for a few', (due, low, high) => {
    const planned = new Date(now.getTime() + due * 60_000)
    expect([0, 1].map(random => minutes(afterLimit(1_800, planned, now, random)))).toEqual([low, high])
  })
})

describe('failureOf', () => {
  it.each([
    [new OAuthError('dead_grant', 'x'), 'dead_grant'], [new OAuthError('our_application', 'x'), 'our_application'], [new OAuthError('passing', 'x'), 'passing'],
    [new AppError('not_configured'), 'our_application'], [new AppError('unavailable'), 'passing'], [new Error('x'), 'passing'], ['x', 'passing'],
  ])('%s: %s', (error, failure) => expect(failureOf(error)).toBe(failure))
})

describe('neverSent', () => {
  const unreachable = (code: string) => new OAuthError('passing', 'unreachable', { cause: new ProviderError('unreachable', 'POST /token', { cause: new Error(code) }) })
  it.each([
    ['a refused connection', unreachable('ECONNREFUSED'), true], ['an unknown host', unreachable('ENOTFOUND'), true],
    ['a wrong certificate', unreachable('ERR_TLS_CERT_ALTNAME_INVALID'), true], ['no configuration', new AppError('not_configured'), true],
    ['a rate limit', asked(1), true], ['Slack\'s rate limit', new OAuthError('passing', 'busy'), true],
    ['a torn connection', unreachable('ECONNRESET'), false], ['a closed socket', unreachable('UND_ERR_SOCKET'), false],
    ['a timeout', new OAuthError('passing', 'timeout', { cause: new ProviderError('timeout', 'POST /token') }), false],
    ['a 500', new OAuthError('passing', 'server_error'), false], ['an answer of another shape', new OAuthError('passing', 'unexpected_shape'), false],
  ])('%s: %s', (_, error, expected) => expect(neverSent(error)).toBe(expected))
})

describe('sentenceOf', () => {
  it.each([
    ['dead_grant', false, true, sentences.dead_grant], ['dead_grant', true, true, sentences.answer_lost], ['dead_grant', true, false, sentences.answer_lost],
    ['dead_grant', false, false, sentences.further_dead], ['passing', false, false, sentences.passing], ['our_application', false, true, sentences.our_application],
  ] as const)('%s, lost %s, main %s', (failure, lost, main, sentence) => expect(sentenceOf(failure, lost, main)).toBe(sentence))
})
