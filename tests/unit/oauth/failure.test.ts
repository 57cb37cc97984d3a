import { describe, expect, it } from 'vitest'
import type { OAuthError } from '#server/errors'
import { isRefusal, tokenFailure } from '#server/oauth/failure'
import { everythingIn } from './support'

type Row = [status: number, body: unknown, failure: OAuthError['failure'], code: string]
const page = '<html>502</html>'

function classify(status: number, body: unknown, grant: 'authorization_code' | 'refresh_token'): OAuthError {
  return tokenFailure({ status, body: body === page ? { kind: 'other' } : body === '' ? { kind: 'empty' } : { kind: 'json', value: body } }, grant)
}

/** The same whichever grant it was. */
const both: Row[] = [
  [400, { error: 'invalid_grant' }, 'dead_grant', 'invalid_grant'],
  [401, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }, 'dead_grant', 'invalid_grant'],
  [200, { error: 'invalid_grant' }, 'dead_grant', 'invalid_grant'],
  [400, { error: { code: 'invalid_grant', message: 'x' } }, 'dead_grant', 'invalid_grant'],
  [400, { errors: { error: 'invalid_grant' } }, 'dead_grant', 'invalid_grant'],
  [400, { code: 'invalid_grant', message: 'x' }, 'dead_grant', 'invalid_grant'],
  [200, { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }, 'dead_grant', 'grant_rejected'],
  [200, { error: 'bad_verification_code' }, 'dead_grant', 'grant_rejected'],
  [200, { ok: false, error: 'invalid_refresh_token' }, 'dead_grant', 'grant_rejected'],
  [200, { ok: false, error: 'token_revoked' }, 'dead_grant', 'grant_rejected'],
  [200, { ok: false, error: 'code_already_used' }, 'dead_grant', 'grant_rejected'],
  [200, { ok: false, error: 'invalid_code' }, 'dead_grant', 'grant_rejected'],
  [400, { message: 'Invalid refresh token' }, 'dead_grant', 'grant_rejected'],
  [401, { message: 'Refresh token not found' }, 'dead_grant', 'grant_rejected'],
  [403, { message: 'The refresh_token was revoked' }, 'dead_grant', 'grant_rejected'],
  [404, { message: 'Refresh Token Not Found' }, 'dead_grant', 'grant_rejected'],
  [400, { error: 'invalid_request', error_description: 'refresh token already used' }, 'dead_grant', 'invalid_request'],
  [400, { error: 'access_denied' }, 'dead_grant', 'access_denied'],

  [401, { error: 'invalid_client' }, 'our_application', 'invalid_client'],
  [400, { error: 'invalid_client', error_description: 'refresh token of another client' }, 'our_application', 'invalid_client'],
  [400, { error: 'unauthorized_client' }, 'our_application', 'unauthorized_client'],
  [400, { error: 'unsupported_grant_type' }, 'our_application', 'unsupported_grant_type'],
  [400, { error: 'invalid_request' }, 'our_application', 'invalid_request'],
  [401, { message: 'Invalid client_id or client_secret' }, 'our_application', 'client_rejected'],
  [401, { message: 'Unauthorized client' }, 'our_application', 'client_rejected'],
  [401, { message: 'Client authentication failed' }, 'our_application', 'client_rejected'],
  [404, { message: 'Unknown OAuth app' }, 'our_application', 'client_rejected'],
  [200, { error: 'incorrect_client_credentials' }, 'our_application', 'client_rejected'],
  [200, { ok: false, error: 'bad_client_secret' }, 'our_application', 'client_rejected'],
  [200, { ok: false, error: 'invalid_client_id' }, 'our_application', 'client_rejected'],
  [200, { ok: false, error: 'invalid_grant_type' }, 'our_application', 'request_rejected'],
  [200, { ok: false, error: 'invalid_arguments' }, 'our_application', 'request_rejected'],
  [200, { ok: false, error: 'method_deprecated' }, 'our_application', 'request_rejected'],
  [400, { error: 'redirect_uri_mismatch' }, 'our_application', 'redirect_rejected'],
  [200, { ok: false, error: 'bad_redirect_uri' }, 'our_application', 'redirect_rejected'],
  [400, { error: 'invalid_grant', error_description: 'redirect_uri does not match' }, 'our_application', 'invalid_grant'],

  [429, { error: 'invalid_grant' }, 'passing', 'rate_limited'],
  [429, page, 'passing', 'rate_limited'],
  [500, { error: 'invalid_grant' }, 'passing', 'server_error'],
  [502, page, 'passing', 'server_error'],
  [503, '', 'passing', 'server_error'],
  [400, { error: 'temporarily_unavailable' }, 'passing', 'temporarily_unavailable'],
  [400, { error: 'server_error' }, 'passing', 'server_error'],
  [200, { ok: false, error: 'ratelimited' }, 'passing', 'busy'],
  [200, { ok: false, error: 'accesslimited' }, 'passing', 'permission_missing'],
  [200, { ok: false, error: 'enterprise_is_restricted' }, 'passing', 'permission_missing'],
  [400, page, 'passing', 'not_json'],
  [401, page, 'passing', 'not_json'],
  [403, page, 'passing', 'not_json'],
  [200, page, 'passing', 'not_json'],
  [403, { message: 'Forbidden' }, 'passing', 'unrecognised'],
  [404, { message: 'Not Found' }, 'passing', 'unrecognised'],
  [408, {}, 'passing', 'unrecognised'],
]

describe('tokenFailure', () => {
  for (const grant of ['refresh_token', 'authorization_code'] as const) {
    it.each(both)(`${grant}: %i %j is %s (%s)`, (status, body, failure, code) => {
      expect(classify(status, body, grant)).toMatchObject({ failure, oauthError: code })
    })
  }

  it.each<Row>([
    [400, { message: 'Bad Request' }, 'dead_grant', 'unrecognised'], [401, { message: 'Unauthorized' }, 'dead_grant', 'unrecognised'], [401, {}, 'dead_grant', 'unrecognised'],
    [400, '', 'dead_grant', 'unrecognised'], [401, [], 'dead_grant', 'unrecognised'], [400, null, 'dead_grant', 'unrecognised'], [400, 'text', 'dead_grant', 'unrecognised'],
    [400, { error: 'something_of_their_own' }, 'dead_grant', 'unrecognised'],
  ])('an unrecognised refusal of a refresh: %i %j is %s (%s)', (status, body, failure, code) => {
    expect(classify(status, body, 'refresh_token')).toMatchObject({ failure, oauthError: code })
  })

  it.each<Row>([
    [400, { message: 'Bad Request' }, 'dead_grant', 'unrecognised'], [422, {}, 'dead_grant', 'unrecognised'], [401, { message: 'Unauthorized' }, 'our_application', 'unrecognised'],
    [401, '', 'our_application', 'unrecognised'],
  ])('an unrecognised refusal of a code: %i %j is %s (%s)', (status, body, failure, code) => {
    expect(classify(status, body, 'authorization_code')).toMatchObject({ failure, oauthError: code })
  })

  it('repeats none of the provider\'s words', () => {
    const leak = 'sbp_0102030405060708'
    for (const body of [{ error: leak }, { error: 'invalid_grant', error_description: leak }, { message: `Invalid refresh token: ${leak}` }, { error: 'constructor', message: leak }]) {
      expect(everythingIn(classify(400, body, 'refresh_token'))).not.toContain(leak)
    }
  })

  it('takes odd bodies', () => {
    for (const body of [{ error: 1 }, { error: null }, { error: [] }, { message: {} }, { error: { error: { error: 'invalid_grant' } } }, { error: 'x'.repeat(1_000_000) }, { __proto__: null }]) {
      expect(classify(400, body, 'refresh_token').failure).toBe('dead_grant')
    }
  })
})

describe('isRefusal', () => {
  it.each([[{ error: 'x' }, true], [{ error: { message: 'x' } }, true], [{ ok: false }, true], [{ access_token: 'a' }, false], [{ error: '' }, false], [{ error: null }, false], [{ ok: true }, false], [null, false], ['error', false], [[{ error: 'x' }], false]])(
    '%j: %s', (body, expected) => expect(isRefusal(body)).toBe(expected))
})
