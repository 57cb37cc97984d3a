/** What Vercel's refusals of a call and of a code mean. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { vercel } from '#server/connectors/vercel'
import type { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import { tokenFailure } from '#server/oauth/failure'
import { projectOf } from '#server/connectors/vercel/endpoints'
import { unverified } from '#server/scanner/evaluate'
import { facts, now, project } from './evaluate'

const soon = now.getTime() / 1000 + 90
beforeEach(() => { vi.useFakeTimers({ now, toFake: ['Date'] }) })
afterEach(() => { vi.useRealTimers() })

/** The error of one call, through the reader of all calls. */
async function errorOf(status: number, body: unknown, headers: Record<string, string> = {}): Promise<ProviderError> {
  const fetch = async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
  const api = createApiReader({ base: 'https://api.example', accessToken: 't', fetch, retryAfter: vercel.retryAfter, refusal: vercel.refusal, everyCall: vercel.everyCall, facts, policy: { attempts: 1 } })
  return api.get(projectOf, project).then(() => { throw new Error('It was no refusal') }, (error: ProviderError) => error)
}
const error = (code: string, message = 'Not authorized', more: object = {}) => ({ error: { code, message, ...more } })

describe('a refused call', () => {
  it.each<[string, number, unknown, Partial<ProviderError['options']> & { kind: string }]>([
    ['a dead token', 403, error('forbidden', 'Not authorized', { invalidToken: true }), { kind: 'unauthorized' }],
    ['a disabled installation', 403, error('integration_configuration_disabled'), { kind: 'installation_disabled' }],
    ['no token', 401, error('unauthorized'), { kind: 'unauthorized' }],
    ['a missing permission', 403, error('forbidden'), { kind: 'forbidden' }],
    ['single sign-on', 403, error('forbidden', 'Not authorized', { saml: true, teamId: 'team_1' }), { kind: 'limited', limitedBy: 'sso' }],
    ['a plan, by code', 403, error('plan_upgrade_required', 'No'), { kind: 'limited', limitedBy: 'plan' }],
    ['a plan, by its words', 403, error('forbidden', 'This is only available on the Enterprise plan.'), { kind: 'limited', limitedBy: 'plan' }],
    ['a plan with 402', 402, error('payment_required', 'Upgrade to Pro to use this feature.'), { kind: 'limited', limitedBy: 'plan' }],
    ['an unpaid bill', 402, error('payment_required', 'Your account is blocked because an invoice was not paid.'), { kind: 'payment_required' }],
    ['nothing there', 404, error('not_found', 'Project not found'), { kind: 'not_found' }],
    ['too many calls', 429, error('rate_limited', 'The rate limit is exceeded', { limit: { remaining: 0, reset: soon, total: 6 } }), { kind: 'rate_limited', retryAfterSeconds: 90 }],
    ['too many calls, without a time', 429, error('rate_limited'), { kind: 'rate_limited', retryAfterSeconds: undefined }],
    ['an error of theirs', 500, error('internal_server_error'), { kind: 'server_error' }],
    ['a call that is not understood', 400, error('bad_request'), { kind: 'refused' }],
    ['a call that is no longer there', 410, error('gone'), { kind: 'refused' }],
    ['no JSON', 403, '<html>', { kind: 'forbidden' }],
    ['an odd body', 403, { error: 'forbidden' }, { kind: 'forbidden' }],
    ['odd fields', 403, { error: { code: 7, message: null, invalidToken: 'yes', saml: 1 } }, { kind: 'forbidden' }],
  ])('%s', async (_name, status, body, { kind, ...options }) => {
    const thrown = await errorOf(status, body)
    expect(thrown.kind).toBe(kind)
    expect(thrown.options).toMatchObject({ status, ...options })
  })

  it('is not applicable where the plan lacks it, and an error that names the permission where that is missing', async () => {
    expect(unverified(await errorOf(402, error('payment_required', 'Upgrade to Pro')), projectOf).verdict).toBe('not_applicable')
    expect(unverified(await errorOf(403, error('forbidden')), projectOf)).toMatchObject({ verdict: 'error', summary: expect.stringContaining('read:project') as string })
  })

  it('waits as long as the header says, before the body\'s word', async () => {
    const body = error('rate_limited', '', { limit: { reset: soon + 500 } })
    expect((await errorOf(429, body, { 'x-ratelimit-reset': String(soon) })).options.retryAfterSeconds).toBe(90)
  })
})

describe('retryAfter', () => {
  it.each([
    [{ 'x-ratelimit-reset': String(soon) }, 90],
    [{ 'x-ratelimit-reset': String(soon - 1000) }, 0],
    [{ 'retry-after': '7' }, 7],
    [{ 'x-ratelimit-reset': String(soon), 'retry-after': '120' }, 120],
    [{ 'x-ratelimit-reset': '42' }, null],
    [{ 'x-ratelimit-reset': String(soon * 1000) }, null],
    [{ 'x-ratelimit-reset': 'soon' }, null],
    [{}, null],
  ])('%j means %s', (headers, seconds) => {
    expect(vercel.retryAfter(new Headers(headers as Record<string, string>))).toBe(seconds)
  })
})

describe('a refused code', () => {
  it.each<[string, number, unknown, string]>([
    ['RFC 6749\'s code', 400, { error: 'invalid_grant', error_description: 'The code is invalid' }, 'dead_grant'],
    ['Vercel\'s own shape', 400, error('bad_request', 'Invalid code'), 'dead_grant'],
    ['a code that was used', 400, error('bad_request', 'The code was already used'), 'dead_grant'],
    ['a code that is too old', 403, error('forbidden', 'The code has expired'), 'dead_grant'],
    ['a flag', 403, error('forbidden', 'Not authorized', { invalidToken: true }), 'dead_grant'],
    ['a wrong secret', 401, { error: 'invalid_client' }, 'our_application'],
    ['a wrong client, in Vercel\'s shape', 403, error('forbidden', 'The client_id or client_secret is wrong'), 'our_application'],
    ['another redirect address', 400, error('bad_request', 'Invalid redirect_uri'), 'our_application'],
    ['too many calls', 429, error('rate_limited'), 'passing'],
    ['an error of theirs', 500, error('internal_server_error'), 'passing'],
    ['a 403 that says nothing', 403, error('forbidden'), 'passing'],
    ['an error under a 200', 200, error('bad_request', 'Invalid code'), 'dead_grant'],
  ])('%s', (_name, status, value, failure) => {
    expect(tokenFailure({ status, body: { kind: 'json', value } }, 'authorization_code').failure).toBe(failure)
  })

  it('by a page in between says nothing', () => {
    expect(tokenFailure({ status: 403, body: { kind: 'other' } }, 'authorization_code').failure).toBe('passing')
  })
})
