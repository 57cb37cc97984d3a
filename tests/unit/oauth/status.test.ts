import { describe, expect, it } from 'vitest'
import { retryAfterHeader, statusError } from '#server/oauth/status'

describe('retryAfterHeader', () => {
  it.each([['7', 7], ['0', 0], [' 12 ', 12], ['Thu, 01 Jan 1970 00:00:30 GMT', 30], ['Thu, 01 Jan 1960 00:00:30 GMT', 0], ['', null], ['-1', null], ['1.5', null], ['soon', null], ['99999999999', null]])(
    '%j is %j', (text, expected) => expect(retryAfterHeader(new Headers({ 'retry-after': text }), 0)).toBe(expected))
})

describe('statusError', () => {
  it.each([[429, 'rate_limited'], [500, 'server_error'], [599, 'server_error'], [418, 'refused'], [402, 'payment_required']])('%i is %s', (status, kind) => {
    expect(statusError({ status, headers: new Headers(), call: 'GET /x' })).toMatchObject({ kind, call: 'GET /x', message: `GET /x: ${kind} (HTTP ${status})` })
  })
  it.each([Number.NaN, -1, Infinity])('a wait of %d is none', seconds =>
    expect(statusError({ status: 429, headers: new Headers(), call: 'GET /x' }, () => seconds).options.retryAfterSeconds).toBeUndefined())
})
