/**
 * What real providers answer to token calls, as their documentation and recordings have it: each answer through the whole
 * way, from the wire to the integration's state. A dead grant asks for a reconnect; our own fault and a passing one leave
 * the connection as it is.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useConnectors } from '#server/connectors/registry'
import { ConnectRefused } from '#server/integrations/connect'
import { withCredential } from '#server/integrations/credentials'
import type { Caller } from '#server/database/caller'
import { connectBlindly, install, seedConnections } from '../support/connections.ts'
import { openRooms, type Rooms } from '../support/rooms.ts'
import { startRotatingProvider, type RotatingProvider } from '../support/rotating-provider.ts'
import { mirror } from '../support/test-connectors.ts'

let rooms: Rooms
let provider: RotatingProvider
let who: Caller
beforeAll(async () => {
  rooms = await openRooms()
  provider = await startRotatingProvider()
  install(mirror, provider)
  who = await rooms.person()
})
afterAll(async () => {
  useConnectors(null)
  await provider?.close()
  await rooms?.close()
})

const page = '<!doctype html><title>Error</title>'
type Failure = 'dead_grant' | 'our_application' | 'passing'
type Answer = readonly [provider: string, status: number, body: unknown, failure: Failure, code: string]

const respond = (status: number, body: unknown) => typeof body === 'string'
  ? new Response(body, { status, headers: { 'content-type': 'text/html' } })
  : Response.json(body, { status })

const slack = (error: string) => ({ ok: false, error })

/** To a refresh. */
const refreshes: Answer[] = [
  ['Supabase', 400, { message: 'Invalid refresh token' }, 'dead_grant', 'grant_rejected'],
  ['Supabase', 400, { message: 'Refresh token has been revoked' }, 'dead_grant', 'grant_rejected'],
  ['Supabase', 400, { error: 'invalid_grant' }, 'dead_grant', 'invalid_grant'],
  ['Supabase', 401, { message: 'Unauthorized' }, 'dead_grant', 'unrecognised'],
  ['Supabase', 401, { message: 'Invalid client credentials' }, 'our_application', 'client_rejected'],
  ['Supabase', 401, { message: 'OAuth app not found, unknown client_id' }, 'our_application', 'client_rejected'],
  ['Supabase', 402, { message: 'Payment required' }, 'passing', 'unrecognised'],
  ['Supabase', 403, { message: 'Forbidden resource' }, 'passing', 'unrecognised'],
  ['Supabase', 429, { message: 'ThrottlerException: Too Many Requests' }, 'passing', 'rate_limited'],
  ['Supabase', 500, { message: 'Internal server error' }, 'passing', 'server_error'],
  ['Supabase', 502, page, 'passing', 'server_error'],
  ['Supabase', 200, page, 'passing', 'not_json'],
  ['Supabase', 200, { project_refs: null }, 'passing', 'unexpected_shape'],

  ...['invalid_refresh_token', 'token_revoked', 'account_inactive', 'token_expired', 'invalid_auth', 'team_access_not_granted']
    .map((error): Answer => ['Slack', 200, slack(error), 'dead_grant', 'grant_rejected']),
  ['Slack', 400, { error: 'invalid_grant' }, 'dead_grant', 'invalid_grant'],
  ...['invalid_client_id', 'bad_client_secret', 'no_scopes', 'pkce_not_allowed', 'not_authed']
    .map((error): Answer => ['Slack', 200, slack(error), 'our_application', 'client_rejected']),
  ...['bad_redirect_uri', 'oauth_authorization_url_mismatch'].map((error): Answer => ['Slack', 200, slack(error), 'our_application', 'redirect_rejected']),
  ...['missing_scope', 'not_allowed_token_type', 'no_permission', 'paid_only', 'feature_not_enabled', 'not_an_admin', 'two_factor_setup_required', 'preview_feature_not_available']
    .map((error): Answer => ['Slack', 200, slack(error), 'passing', 'permission_missing']),
  ['Slack', 200, slack('ratelimited'), 'passing', 'busy'],
  ['Slack', 200, slack('internal_error'), 'passing', 'server_error'],
  ['Slack', 200, slack('fatal_error'), 'passing', 'server_error'],
  ['Slack', 200, slack('service_unavailable'), 'passing', 'server_error'],
  ['Slack', 200, slack('request_timeout'), 'passing', 'server_error'],
  ['Slack', 200, slack('team_added_to_org'), 'passing', 'account_moving'],
  ['Slack', 200, slack('org_login_required'), 'passing', 'account_moving'],
  ['Slack', 429, slack('ratelimited'), 'passing', 'rate_limited'],

  ['GitHub', 200, { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.', error_uri: 'https://docs.github.com' }, 'dead_grant', 'grant_rejected'],
  ['GitHub', 200, { error: 'unverified_user_email', error_description: 'The user must have a verified primary email.' }, 'dead_grant', 'unrecognised'],
  ['GitHub', 401, { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest' }, 'dead_grant', 'unrecognised'],
  ['GitHub', 403, { message: 'This installation has been suspended' }, 'dead_grant', 'grant_rejected'],
  ['GitHub', 200, { error: 'incorrect_client_credentials', error_description: 'The client_id and/or client_secret passed are incorrect.' }, 'our_application', 'client_rejected'],
  ['GitHub', 200, { error: 'redirect_uri_mismatch', error_description: 'The redirect_uri MUST match the registered callback URL for this application.' }, 'our_application', 'redirect_rejected'],
  ['GitHub', 200, { error: 'application_suspended', error_description: 'Your application has been suspended.' }, 'our_application', 'client_rejected'],
  ['GitHub', 200, { error: 'unsupported_grant_type' }, 'our_application', 'unsupported_grant_type'],
  ['GitHub', 403, { message: 'Resource not accessible by integration' }, 'passing', 'unrecognised'],
  ['GitHub', 403, { message: 'API rate limit exceeded for installation ID 1.' }, 'passing', 'busy'],
  ['GitHub', 403, { message: 'You have exceeded a secondary rate limit. Please wait a few minutes.' }, 'passing', 'busy'],
  ['GitHub', 200, { error: 'slow_down', error_description: 'Too many requests have been made in the same timeframe.' }, 'passing', 'slow_down'],
  ['GitHub', 404, { message: 'Not Found' }, 'passing', 'unrecognised'],
  ['GitHub', 503, page, 'passing', 'server_error'],

  ['Vercel', 400, { error: 'invalid_grant', error_description: 'Invalid refresh token' }, 'dead_grant', 'invalid_grant'],
  ['Vercel', 403, { error: { code: 'forbidden', message: 'Not authorized', invalidToken: true } }, 'dead_grant', 'grant_rejected'],
  ['Vercel', 403, { error: { code: 'integration_configuration_disabled', message: 'The configuration is disabled.' } }, 'dead_grant', 'grant_rejected'],
  ['Vercel', 400, { error: { code: 'invalid_client', message: 'Client not found' } }, 'our_application', 'invalid_client'],
  ['Vercel', 402, { error: { code: 'payment_required', message: 'Upgrade your plan' } }, 'passing', 'unrecognised'],
  ['Vercel', 403, { error: { code: 'forbidden', message: 'You don\'t have permission.' } }, 'passing', 'unrecognised'],
  ['Vercel', 429, { error: { code: 'rate_limited', message: 'Rate limited', limit: { remaining: 0, reset: 1_600_000_000, total: 100 } } }, 'passing', 'rate_limited'],
  ['Vercel', 500, { error: { code: 'internal_server_error', message: 'An unexpected error occurred' } }, 'passing', 'server_error'],

  ['Netlify', 401, { error: 'invalid_grant', error_description: 'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.' }, 'dead_grant', 'invalid_grant'],
  ['Netlify', 401, { code: 401, message: 'Access Denied' }, 'dead_grant', 'unrecognised'],
  ['Netlify', 401, { error: 'invalid_client', error_description: 'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.' }, 'our_application', 'invalid_client'],
  ['Netlify', 422, { code: 422, message: 'Unprocessable Entity' }, 'our_application', 'unrecognised'],
  ['Netlify', 403, { code: 403, message: 'Forbidden' }, 'passing', 'unrecognised'],
  ['Netlify', 429, { code: 429, message: 'Too many requests' }, 'passing', 'rate_limited'],
  ['Netlify', 503, page, 'passing', 'server_error'],

  // The calls that stand where others renew. An unwilling role looks like one that is not there yet: it is tried again.
  ['AWS', 403, { Error: { Code: 'AccessDenied', Message: 'User is not authorized to perform: sts:AssumeRole', Type: 'Sender' } }, 'passing', 'unrecognised'],
  ['AWS', 403, { Error: { Code: 'InvalidClientTokenId', Message: 'The security token included in the request is invalid.', Type: 'Sender' } }, 'our_application', 'client_rejected'],
  ['AWS', 403, { Error: { Code: 'SignatureDoesNotMatch', Message: 'The request signature we calculated does not match', Type: 'Sender' } }, 'our_application', 'client_rejected'],
  ['AWS', 400, { Error: { Code: 'Throttling', Message: 'Rate exceeded', Type: 'Sender' } }, 'passing', 'busy'],
  ['AWS', 403, '<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>', 'passing', 'not_json'],
  ['AWS', 503, { Error: { Code: 'ServiceUnavailable' } }, 'passing', 'server_error'],
]

describe('a refusal of a refresh', () => {
  it.each(refreshes)('%s %i %j: %s (%s)', async (_, status, body, failure, code) => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, provider, 1, -60)
    provider.fault = () => respond(status, body)
    const use = () => withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
    await expect(use()).rejects.toMatchObject({ failure, code })
    const [row] = await rooms.sql('select status, last_error as error, version::integer as version from public.integrations where id = $1', [id])
    expect(row).toMatchObject({ status: failure === 'dead_grant' ? 'error' : 'active', version: 1, error: { class: failure, code } })
    // Nothing of the provider's own words is kept.
    expect(JSON.stringify(row)).not.toContain(typeof body === 'string' ? 'ErrorResponse' : 'error_description')
    // Whatever it said: when it takes the token after all, all is well.
    provider.fault = null
    await use()
    expect(await rooms.sql('select status, last_error from public.integrations where id = $1', [id])).toEqual([{ status: 'active', last_error: null }])
  })
})

/** To the code of a person who connects, and what that person is told. */
const exchanges: [provider: string, status: number, body: unknown, told: string][] = [
  ['Supabase', 400, { message: 'Authorization code not found' }, 'code_refused'],
  ['Supabase', 401, { message: 'Unauthorized' }, 'application_refused'],
  ['Supabase', 503, page, 'provider_unavailable'],
  ['Slack', 200, slack('invalid_code'), 'code_refused'],
  ['Slack', 200, slack('code_already_used'), 'code_refused'],
  ['Slack', 200, slack('bad_redirect_uri'), 'application_refused'],
  ['Slack', 200, slack('pkce_not_allowed'), 'application_refused'],
  ['Slack', 200, slack('fatal_error'), 'provider_unavailable'],
  ['GitHub', 200, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }, 'code_refused'],
  ['GitHub', 200, { error: 'incorrect_client_credentials' }, 'application_refused'],
  ['Vercel', 400, { error: 'invalid_grant', error_description: 'Invalid code' }, 'code_refused'],
  ['Vercel', 429, { error: { code: 'rate_limited' } }, 'provider_unavailable'],
  ['Netlify', 401, { error: 'invalid_grant' }, 'code_refused'],
  ['Netlify', 401, { error: 'invalid_client' }, 'application_refused'],
]

describe('a refusal of a code', () => {
  it.each(exchanges)('%s %i %j: %s', async (_, status, body, told) => {
    provider.fault = () => respond(status, body)
    const refused = await connectBlindly(mirror, who).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(ConnectRefused)
    expect(refused).toMatchObject({ code: told })
    expect(await rooms.sql('select id from public.integrations where organization_id = $1', [who.organizationId])).toEqual([])
  })
})

describe('a grant', () => {
  const tokens = { access_token: 'at_new', token_type: 'bearer' }
  it.each([
    ['Supabase', 201, { ...tokens, token_type: 'Bearer', refresh_token: 'rt_new', expires_in: 86_400, project_refs: null }],
    ['Supabase', 200, { ...tokens, expires_in: 3600 }],
    ['GitHub', 200, { ...tokens, refresh_token: 'ghr_new', expires_in: 28_800, refresh_token_expires_in: 15_811_200, scope: '' }],
    ['Netlify', 200, { ...tokens, refresh_token: 'rt_new', scope: 'public', created_at: 1_700_000_000 }],
    ['an empty error beside it', 200, { ...tokens, error: '' }],
  ])('%s %i %j', async (_, status, body) => {
    const [id = ''] = await seedConnections(rooms.sql, mirror, provider, 1, -60)
    provider.fault = () => respond(status, body)
    const got = await withCredential({ integrationId: id, purpose: 'scan', actor: { type: 'worker', id: null, email: null } }, async secrets => secrets.accessToken)
    expect(got).toBe('at_new')
  })
})
