/** What each refusal of Netlify means: for a check, and for a grant. */
import { describe, expect, it } from 'vitest'
import { netlify } from '#server/connectors/netlify'
import { members } from '#server/connectors/netlify/endpoints'
import { ProviderError } from '#server/errors'
import { exchangeCode } from '#server/oauth/exchange'
import { createApiReader } from '#server/oauth/http'
import { refreshGrant } from '#server/oauth/refresh'
import { evaluate } from '#server/scanner/evaluate'
import { findCheck } from '../evaluate'
import { now, team } from './evaluate'

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => () => Response.json(body, { status, headers })
const says = (status: number, message: string) => json(status, { code: status, message })
const text = (status: number, body: string) => () => new Response(body, { status })

function api(answer: () => Response) {
  const calls: string[] = []
  const reader = createApiReader({
    base: netlify.hosts.api, accessToken: 'token', retryAfter: netlify.retryAfter, refusal: netlify.refusal, sleep: async () => undefined, random: () => 0,
    fetch: async (input) => {
      calls.push(String(input))
      return answer()
    },
  })
  return { reader, calls }
}

type Fault = [when: string, answer: () => Response, kind: string, limitedBy: string | undefined, verdict: string, attempts: number]

const reset = { 'x-ratelimit-reset': '1795348830', 'date': 'Sun, 22 Nov 2026 12:00:00 GMT' }
const faults: Fault[] = [
  ['a token that is dead', says(401, 'Access Denied'), 'unauthorized', undefined, 'error', 1],
  ['a 401 without a body', text(401, ''), 'unauthorized', undefined, 'error', 1],
  ['a team that takes single sign-on only', says(401, 'SAML SSO is required to access this team'), 'limited', 'sso', 'error', 1],
  ['the same as a 403', says(403, 'Your token was not granted access: single sign-on'), 'limited', 'sso', 'error', 1],
  ['a plan that lacks it', says(403, 'Shared environment variables are not available on your plan'), 'limited', 'plan', 'not_applicable', 1],
  ['an upgrade that would show it', says(403, 'Please upgrade to read the audit log'), 'limited', 'plan', 'not_applicable', 1],
  ['a role that does not see it', says(403, 'Forbidden'), 'limited', 'role', 'error', 1],
  ['a 403 of a gateway', text(403, '<html>'), 'limited', 'role', 'error', 1],
  ['a bill to pay', says(402, 'Payment Required'), 'payment_required', undefined, 'error', 1],
  ['something that is not there', says(404, 'Not Found'), 'not_found', undefined, 'error', 1],
  ['a path that is not there', text(404, 'Not Found'), 'not_found', undefined, 'error', 1],
  ['a call that is wrong', says(422, 'Unprocessable'), 'refused', undefined, 'error', 1],
  ['too many calls', json(429, { code: 429, message: 'Too Many Requests' }, reset), 'rate_limited', undefined, 'error', 3],
  ['a fault of theirs', says(500, 'Internal Server Error'), 'server_error', undefined, 'error', 3],
  ['a page of a gateway', text(502, '<html>'), 'server_error', undefined, 'error', 3],
  ['a page under a 200', text(200, '<html>'), 'not_json', undefined, 'error', 1],
  ['an answer of another shape', json(200, { members: [] }), 'unexpected_shape', undefined, 'error', 1],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }), 'redirected', undefined, 'error', 1],
]

describe.each(faults)('an API that answers with %s', (_when, answer, kind, limitedBy, verdict, attempts) => {
  it(`is ${kind}, tried ${attempts} times`, async () => {
    const { reader, calls } = api(answer)
    const error = await reader.get(members, team).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProviderError)
    expect(error).toMatchObject({ kind, options: limitedBy === undefined ? {} : { limitedBy } })
    expect(calls).toHaveLength(attempts)
  })

  it(`makes a check ${verdict}`, async () => {
    const outcome = await evaluate(netlify, findCheck(netlify, 'netlify_members_mfa'), team, api(answer).reader, [], now)
    expect(outcome.verdict).toBe(verdict)
    // There is no permission that anybody could add.
    expect(outcome.summary).not.toMatch(/It needs/)
  })
})

it('waits as long as the rate limit says', async () => {
  const { reader } = api(json(429, {}, reset))
  const error = await reader.get(members, team).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ options: { retryAfterSeconds: 30 } })
})

type Answer = [when: string, answer: () => Response, atExchange: string, atRefresh: string]

const oauth = (status: number, error: string, error_description = '') => json(status, { error, error_description })
const answers: Answer[] = [
  ['a code or token that is spent', oauth(400, 'invalid_grant', 'The provided authorization grant is invalid, expired, revoked'), 'dead_grant', 'dead_grant'],
  ['the same as a 401', oauth(401, 'invalid_grant'), 'dead_grant', 'dead_grant'],
  ['an unknown client', oauth(401, 'invalid_client', 'Client authentication failed'), 'our_application', 'our_application'],
  ['a redirect address that is not registered', oauth(400, 'invalid_grant', 'The redirect uri does not match'), 'our_application', 'our_application'],
  ['a grant type that it does not take', oauth(400, 'unsupported_grant_type'), 'our_application', 'our_application'],
  ['a parameter that is missing', oauth(400, 'invalid_request', 'Missing required parameter: code'), 'our_application', 'our_application'],
  ['a consent that was withdrawn', oauth(403, 'access_denied'), 'dead_grant', 'dead_grant'],
  ['a plain 401', says(401, 'Access Denied'), 'our_application', 'dead_grant'],
  ['a fault of theirs', text(500, 'oops'), 'passing', 'passing'],
  ['a page of a gateway', text(503, '<html>'), 'passing', 'passing'],
  ['too many calls', says(429, 'Too Many Requests'), 'passing', 'passing'],
  ['a 403 of a firewall', text(403, '<html>'), 'passing', 'passing'],
  ['a 422', says(422, 'Unprocessable'), 'dead_grant', 'our_application'],
  ['an error under a 200', oauth(200, 'invalid_grant'), 'dead_grant', 'dead_grant'],
  ['no token under a 200', json(200, { token_type: 'Bearer' }), 'passing', 'passing'],
  ['a token of another type', json(200, { access_token: 'a', token_type: 'mac' }), 'passing', 'passing'],
]

describe.each(answers)('a token endpoint that answers with %s', (_when, answer, atExchange, atRefresh) => {
  const client = {
    connector: netlify, clientId: 'id', clientSecret: 'secret', apiBase: netlify.hosts.api, authBase: netlify.hosts.auth, redirectUri: 'https://app.example/cb', settings: {}, fetch: async () => answer(),
  }

  it(`is ${atExchange} for a code and ${atRefresh} for a refresh token`, async () => {
    await expect(exchangeCode(client, { code: 'c', codeVerifier: null })).rejects.toMatchObject({ name: 'OAuthError', failure: atExchange })
    await expect(refreshGrant(client, 'r')).rejects.toMatchObject({ name: 'OAuthError', failure: atRefresh })
  })
})
