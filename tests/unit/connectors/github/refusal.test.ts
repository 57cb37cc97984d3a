/** What GitHub says no with, and what it means: for a call of the API, and for the token endpoint. */
import { beforeAll, afterAll, describe, expect, it } from 'vitest'
import { github } from '#server/connectors/github'
import * as endpoints from '#server/connectors/github/endpoints'
import { OAuthError, ProviderError } from '#server/errors'
import { unverified } from '#server/scanner/evaluate'
import { exchangeCode } from '#server/oauth/exchange'
import { createApiReader } from '#server/oauth/http'
import { refreshGrant } from '#server/oauth/refresh'
import { everythingIn, startServer } from '../../oauth/support'
import { organization, repository } from './evaluate'

let server: Awaited<ReturnType<typeof startServer>>
beforeAll(async () => { server = await startServer() })
afterAll(() => server.close())

const api = () => createApiReader({
  base: `${server.url}/api/v3`, accessToken: 'ghu_secret', fetch, retryAfter: github.retryAfter, refusal: github.refusal, everyCall: github.everyCall,
  sleep: async () => undefined, policy: { attempts: 1 },
})
const soon = String(Math.ceil(Date.now() / 1000) + 90)

type Row = [says: string, status: number, headers: Record<string, string>, kind: string, options: object, verdict: 'error' | 'not_applicable']
const rows: Row[] = [
  ['API rate limit exceeded for user ID 1.', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }, 'rate_limited', { retryAfterSeconds: expect.closeTo(90, -1) }, 'error'],
  ['API rate limit exceeded', 429, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }, 'rate_limited', { retryAfterSeconds: expect.closeTo(90, -1) }, 'error'],
  ['You have exceeded a secondary rate limit.', 403, { 'retry-after': '37' }, 'rate_limited', { retryAfterSeconds: 37 }, 'error'],
  ['You have exceeded a secondary rate limit.', 403, {}, 'rate_limited', { retryAfterSeconds: 60 }, 'error'],
  ['Too many', 429, {}, 'rate_limited', { retryAfterSeconds: 60 }, 'error'],
  ['Resource not accessible by integration', 403, { 'x-accepted-github-permissions': 'organization_administration=read' }, 'forbidden', { missing: 'organization_administration:read' }, 'error'],
  ['Resource not accessible by integration', 403, { 'x-accepted-github-permissions': 'issues=read,contents=read; pull_requests=write' }, 'forbidden', { missing: 'issues:read and contents:read' }, 'error'],
  ['Resource not accessible by integration', 403, {}, 'forbidden', { missing: undefined }, 'error'],
  ['Resource protected by organization SAML enforcement. You must grant your OAuth token access to this organization.', 403, { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=A' }, 'limited', { limitedBy: 'sso' }, 'error'],
  ['Resource protected by organization SAML enforcement.', 403, {}, 'limited', { limitedBy: 'sso' }, 'error'],
  ['Upgrade to GitHub Pro or make this repository public to enable this feature.', 403, {}, 'limited', { limitedBy: 'plan' }, 'not_applicable'],
  ['Code Security must be enabled for this repository to use code scanning.', 403, {}, 'limited', { limitedBy: 'plan' }, 'not_applicable'],
  ['Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.', 403, {}, 'limited', { limitedBy: 'policy' }, 'error'],
  ['Although you appear to have the correct authorization credentials, the `acme` organization has enabled OAuth App access restrictions', 403, {}, 'limited', { limitedBy: 'policy' }, 'error'],
  ['This installation has been suspended', 403, {}, 'limited', { limitedBy: 'policy' }, 'error'],
  ['Must have admin rights to Repository.', 403, {}, 'limited', { limitedBy: 'role' }, 'error'],
  ['You must be an organization owner to do that.', 403, {}, 'limited', { limitedBy: 'role' }, 'error'],
  ['Forbidden', 403, {}, 'forbidden', {}, 'error'],
  ['Bad credentials', 401, {}, 'unauthorized', {}, 'error'],
  ['Not Found', 404, {}, 'not_found', {}, 'error'],
  ['Repository access blocked', 451, {}, 'refused', {}, 'error'],
  ['Server Error', 500, {}, 'server_error', {}, 'error'],
]

describe('a call that is refused', () => {
  it.each(rows)('%s (%i)', async (message, status, headers, kind, options, verdict) => {
    server.reply(status, { message, documentation_url: 'https://docs.github.com' }, headers)
    const error: unknown = await api().get(endpoints.branchProtection, repository).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ kind, options })
    expect(everythingIn(error)).not.toContain(message)
    if (error instanceof ProviderError) expect(unverified(error, endpoints.branchProtection).verdict).toBe(verdict)
  })

  it('names the missing permission to the person, from GitHub or else our own', () => {
    const said = (missing?: string) => unverified(new ProviderError('forbidden', 'GET /x', { missing }), endpoints.organization).summary
    expect(said('members:read')).toContain('It needs members:read.')
    expect(said()).toContain('It needs organization_administration:read.')
  })

  it('is none with a 200, whatever it says and however few calls are left', () => {
    const body = { message: 'You have exceeded a secondary rate limit.' }
    expect(github.refusal({ status: 200, headers: new Headers({ 'x-ratelimit-remaining': '0' }), body })).toBeNull()
  })

  it.each([
    [403, 'You must authenticate with an access token authorized to a GitHub App in order to list installations'],
    [404, 'Not Found'],
  ])('says that the token is an OAuth App\'s: %i', async (status, message) => {
    server.reply(status, { message })
    expect(await api().get(endpoints.installations)).toBeNull()
  })

  it('may mean "later", although the call is one that may be absent', async () => {
    server.reply(403, { message: 'API rate limit exceeded' }, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon })
    await expect(api().get(endpoints.dependabotAlerts, repository)).rejects.toMatchObject({ kind: 'rate_limited' })
    await expect(api().get(endpoints.installations)).rejects.toMatchObject({ kind: 'rate_limited' })
  })
})

it('every call goes below the API\'s own path, with the version and the media type', async () => {
  server.reply(200, { two_factor_requirement_enabled: true })
  server.received.length = 0
  await api().get(endpoints.organization, organization)
  expect(server.received).toMatchObject([{ method: 'GET', url: '/api/v3/orgs/acme', headers: { 'accept': 'application/vnd.github+json', 'x-github-api-version': '2022-11-28', 'authorization': 'Bearer ghu_secret' } }])
})

type Answer = [name: string, status: number, body: unknown, exchange: string, refresh: string]
const answers: Answer[] = [
  ['bad_verification_code', 200, { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }, 'dead_grant', 'dead_grant'],
  ['bad_refresh_token', 200, { error: 'bad_refresh_token', error_description: 'The refresh token passed is incorrect or expired.' }, 'dead_grant', 'dead_grant'],
  ['incorrect_client_credentials', 200, { error: 'incorrect_client_credentials', error_description: 'The client_id and/or client_secret passed are incorrect.' }, 'our_application', 'our_application'],
  ['redirect_uri_mismatch', 200, { error: 'redirect_uri_mismatch', error_description: 'The redirect_uri MUST match the registered callback URL for this application.' }, 'our_application', 'our_application'],
  ['application_suspended', 200, { error: 'application_suspended', error_description: 'Your application has been suspended.' }, 'our_application', 'our_application'],
  ['unverified_user_email', 200, { error: 'unverified_user_email', error_description: 'The user must have a verified primary email.' }, 'dead_grant', 'dead_grant'],
  ['unsupported_grant_type', 200, { error: 'unsupported_grant_type', error_description: 'The specified grant type is not supported.' }, 'our_application', 'our_application'],
  ['a 404 of the page', 404, { error: 'Not Found' }, 'passing', 'passing'],
  ['a rate limit', 429, { message: 'Too many' }, 'passing', 'passing'],
  ['an outage', 502, '<html>', 'passing', 'passing'],
  ['the unicorn, as a page', 200, '<html>', 'passing', 'passing'],
  ['a form, as without Accept', 200, 'access_token=ghu_x&token_type=bearer', 'passing', 'passing'],
  ['no token', 200, { token_type: 'bearer' }, 'passing', 'passing'],
]

describe('the token endpoint', () => {
  const client = () => ({ connector: github, clientId: 'Iv1.0', clientSecret: 'very secret', apiBase: server.url, authBase: server.url, redirectUri: 'https://app.example/api/auth/github/callback', settings: {}, fetch })
  const failure = (attempt: Promise<unknown>) => attempt.then(() => 'none', (reason: unknown) => reason instanceof OAuthError ? reason.failure : String(reason))

  it.each(answers)('with %s', async (_name, status, body, exchange, refresh) => {
    server.reply(status, body)
    expect(await failure(exchangeCode(client(), { code: 'c', codeVerifier: 'v'.repeat(43) }))).toBe(exchange)
    expect(await failure(refreshGrant(client(), 'ghr_old'))).toBe(refresh)
  })

  it('is asked for JSON, with the credentials in the body', async () => {
    server.reply(200, { access_token: 'ghu_a', token_type: 'bearer' })
    server.received.length = 0
    await refreshGrant(client(), 'ghr_old')
    expect(server.received).toMatchObject([{ method: 'POST', url: '/login/oauth/access_token', headers: { accept: 'application/json' } }])
    expect(server.received[0]?.headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(server.received[0]?.body))).toEqual({ grant_type: 'refresh_token', refresh_token: 'ghr_old', client_id: 'Iv1.0', client_secret: 'very secret' })
  })
})
