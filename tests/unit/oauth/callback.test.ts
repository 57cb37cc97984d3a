import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCallback } from '#server/oauth/callback'
import { callbackErrors } from '#shared/callback-errors'
import { connectorWith } from './support'

const plain = connectorWith()
const strict = connectorWith({ issuer: 'https://auth.example' })
const failed = (error: string, state: string | null = 's') => ({ outcome: 'failed', error, state })

describe('readCallback', () => {
  it.each([
    ['a code', { code: 'c', state: 's' }, { outcome: 'code', code: 'c', state: 's' }],
    ['a code and things we do not know', { code: 'c', state: 's', iss: 'https://other', scope: 'x' }, { outcome: 'code', code: 'c', state: 's' }],
    ['a denial', { error: 'access_denied', error_description: 'no', state: 's' }, failed('access_denied')],
    ['a denial without a state', { error: 'access_denied' }, failed('access_denied', null)],
    ['a denial with a code', { error: 'access_denied', code: 'c', state: 's' }, failed('access_denied')],
    ['a provider that is away', { error: 'temporarily_unavailable', state: 's' }, failed('provider_unavailable')],
    ['a broken provider', { error: 'server_error', state: 's' }, failed('provider_unavailable')],
    ['an unknown client', { error: 'unauthorized_client', state: 's' }, failed('application_refused')],
    ['a wrong redirect address', { error: 'redirect_uri_mismatch', state: 's' }, failed('application_refused')],
    ['a scope that is not ours', { error: 'invalid_scope', state: 's' }, failed('application_refused')],
    ['another error', { error: 'pkce_not_allowed', state: 's' }, failed('provider_refused')],
    ['an error that is a property of every object', { error: 'constructor', state: 's' }, failed('provider_refused')],
    ['no code', { state: 's' }, failed('code_missing')],
    ['an empty code', { code: '', state: 's' }, failed('code_missing')],
    ['a huge code', { code: 'c'.repeat(5000), state: 's' }, failed('code_missing')],
    ['no state', { code: 'c' }, failed('flow_missing', null)],
    ['an empty state', { code: 'c', state: '' }, failed('flow_missing', null)],
    ['a huge state', { code: 'c', state: 's'.repeat(1000) }, failed('flow_missing', null)],
    ['nothing', {}, failed('flow_missing', null)],
    ['two codes', { code: ['a', 'b'], state: 's' }, failed('provider_refused')],
    ['two states', { code: 'a', state: ['s', 't'] }, failed('provider_refused', null)],
    ['things that are no text', { code: { a: 1 }, state: 7 }, failed('flow_missing', null)],
  ])('%s', (_, query, expected) => expect(readCallback(plain, query)).toEqual(expected))

  it('reads a query in both forms', () => {
    expect(readCallback(plain, new URLSearchParams('code=c&state=s'))).toEqual({ outcome: 'code', code: 'c', state: 's' })
    expect(readCallback(plain, new URLSearchParams('code=a&code=b&state=s'))).toEqual(failed('provider_refused'))
    expect(readCallback(plain, new URLSearchParams('code=a&state=s&state=s'))).toEqual(failed('provider_refused', null))
  })

  it.each([
    [{ code: 'c', state: 's', iss: 'https://auth.example' }, { outcome: 'code', code: 'c', state: 's' }],
    [{ error: 'access_denied', state: 's', iss: 'https://auth.example' }, failed('access_denied')],
    [{ code: 'c', state: 's' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: 'https://auth.example/' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: 'https://evil.example' }, failed('issuer_mismatch')],
    [{ error: 'access_denied', state: 's', iss: 'https://evil.example' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: ['https://auth.example', 'https://evil.example'] }, failed('provider_refused')],
  ])('with a known issuer, %j is %j', (query, expected) => expect(readCallback(strict, query)).toEqual(expected))

  it('never throws, never repeats the provider, and ends in a code that the page knows', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.anything())
    fc.assert(fc.property(fc.record({ code: value, state: value, error: value, error_description: value, iss: value }, { requiredKeys: [] }), (query) => {
      const result = readCallback(strict, query)
      if (result.outcome === 'failed') expect(Object.keys(callbackErrors)).toContain(result.error)
    }))
  })
})
