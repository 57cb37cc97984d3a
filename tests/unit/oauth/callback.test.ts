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
    ['a code', { code: 'c', state: 's' }, { outcome: 'code', code: 'c', state: 's', facts: {} }],
    ['a code and things we do not know', { code: 'c', state: 's', iss: 'https://other', scope: 'x' }, { outcome: 'code', code: 'c', state: 's', facts: {} }],
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
    expect(readCallback(plain, new URLSearchParams('code=c&state=s'))).toEqual({ outcome: 'code', code: 'c', state: 's', facts: {} })
    expect(readCallback(plain, new URLSearchParams('code=a&code=b&state=s'))).toEqual(failed('provider_refused'))
    expect(readCallback(plain, new URLSearchParams('code=a&state=s&state=s'))).toEqual(failed('provider_refused', null))
  })

  it.each([
    [{ code: 'c', state: 's', iss: 'https://auth.example' }, { outcome: 'code', code: 'c', state: 's', facts: {} }],
    [{ error: 'access_denied', state: 's', iss: 'https://auth.example' }, failed('access_denied')],
    [{ code: 'c', state: 's' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: 'https://auth.example/' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: 'https://evil.example' }, failed('issuer_mismatch')],
    [{ error: 'access_denied', state: 's', iss: 'https://evil.example' }, failed('issuer_mismatch')],
    [{ code: 'c', state: 's', iss: ['https://auth.example', 'https://evil.example'] }, failed('provider_refused')],
  ])('with a known issuer, %j is %j', (query, expected) => expect(readCallback(strict, query)).toEqual(expected))

  describe('with facts', () => {
    const keeping = connectorWith({ callbackFacts: ['team_id', 'installation_id'] })
    const facts = (query: Parameters<typeof readCallback>[1]) => {
      const read = readCallback(keeping, query)
      return read.outcome === 'failed' ? read.error : read.facts
    }
    const base = { code: 'c', state: 's' }

    it('keeps those that the connector names, and no others', () => {
      expect(facts({ ...base, team_id: 'T1', installation_id: '42', setup_action: 'install' })).toEqual({ team_id: 'T1', installation_id: '42' })
      expect(facts(new URLSearchParams('code=c&state=s&team_id=T%201&other=x'))).toEqual({ team_id: 'T 1' })
      expect(facts({ ...base, team_id: '', installation_id: undefined })).toEqual({})
      expect(readCallback(plain, { ...base, team_id: 'T1' })).toMatchObject({ facts: {} })
    })

    it.each([['too long', 'x'.repeat(257)], ['a line break', 'a\nb'], ['a NUL', 'a\0b'], ['a direction mark', 'a\u202Eb'], ['half a pair', 'a\uD800b'], ['two', ['a', 'b']]])(
      'refuses one that is %s', (_, value) => expect(facts({ ...base, team_id: value })).toBe('provider_refused'))

    it('takes the longest that may be', () => expect(facts({ ...base, team_id: 'x'.repeat(256) })).toEqual({ team_id: 'x'.repeat(256) }))
  })

  describe('of an installation', () => {
    const installing = connectorWith({ callbackFacts: ['installation_id'], installPath: () => '/install', waitsForApproval: { setup_action: 'request' } })

    it.each([
      ['a code too', { code: 'c', state: 's', installation_id: '42' }, { outcome: 'code', code: 'c', state: 's', facts: { installation_id: '42' } }],
      ['no code', { state: 's', installation_id: '42' }, { outcome: 'installed', state: 's', facts: { installation_id: '42' } }],
      ['neither', { state: 's' }, failed('code_missing')],
      ['no state', { installation_id: '42' }, failed('flow_missing', null)],
      ['a fact that is none', { state: 's', installation_id: 'a\nb' }, failed('code_missing')],
      ['somebody\'s approval to wait for', { state: 's', setup_action: 'request' }, failed('approval_pending')],
    ])('with %s', (_, query, expected) => expect(readCallback(installing, query)).toEqual(expected))

    it('is none where the provider has no page for it', () => {
      expect(readCallback(connectorWith({ callbackFacts: ['installation_id'] }), { state: 's', installation_id: '42' })).toEqual(failed('code_missing'))
    })
  })

  describe('that nobody here had started', () => {
    const open = connectorWith({ pkce: 'none', startsElsewhere: true, callbackFacts: ['team_id'], waitsForApproval: { setup_action: 'request' } })

    it.each([
      ['a code alone', { code: 'c' }, { outcome: 'unasked', code: 'c', facts: {} }],
      ['a code with facts', { code: 'c', team_id: 'T1', source: 'marketplace' }, { outcome: 'unasked', code: 'c', facts: { team_id: 'T1' } }],
      ['a code with a state', { code: 'c', state: 's' }, { outcome: 'code', code: 'c', state: 's', facts: {} }],
      ['nothing', {}, failed('code_missing', null)],
      ['an update without a code', { setup_action: 'update' }, failed('code_missing', null)],
      ['a request', { setup_action: 'request' }, failed('approval_pending', null)],
      ['a request of ours', { setup_action: 'request', state: 's' }, failed('approval_pending')],
      ['a request that came with a code', { setup_action: 'request', code: 'c' }, { outcome: 'unasked', code: 'c', facts: {} }],
      ['a denial', { error: 'access_denied' }, failed('access_denied', null)],
      ['a state that is too long', { code: 'c', state: 's'.repeat(1000) }, failed('flow_missing', null)],
      ['two states', { code: 'c', state: ['s', 't'] }, failed('provider_refused', null)],
      ['a code that is too long', { code: 'c'.repeat(5000) }, failed('code_missing', null)],
    ])('%s', (_, query, expected) => expect(readCallback(open, query)).toEqual(expected))

    it('is refused by all who do not say so, and with PKCE', () => {
      expect(readCallback(plain, { code: 'c' })).toEqual(failed('flow_missing', null))
      expect(readCallback(connectorWith({ pkce: 'S256', startsElsewhere: true }), { code: 'c' })).toEqual(failed('flow_missing', null))
      expect(readCallback(plain, { setup_action: 'request', state: 's' })).toEqual(failed('code_missing'))
    })
  })

  it('never throws, never repeats the provider, and ends in a code that the page knows', () => {
    const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.anything())
    fc.assert(fc.property(fc.record({ code: value, state: value, error: value, error_description: value, iss: value }, { requiredKeys: [] }), (query) => {
      const result = readCallback(strict, query)
      if (result.outcome === 'failed') expect(Object.keys(callbackErrors)).toContain(result.error)
    }))
  })
})
