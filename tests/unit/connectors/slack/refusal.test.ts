/** What Slack says no with, as a scan sees it: through the reader that a scan uses. */
import { describe, expect, it } from 'vitest'
import { slack } from '#server/connectors/slack'
import { members } from '#server/connectors/slack/endpoints'
import { ProviderError } from '#server/errors'
import { createApiReader } from '#server/oauth/http'
import { unverified } from '#server/scanner/evaluate'
import { workspace } from './evaluate'

type Answered = [status: number, body: unknown, headers?: Record<string, string>]
type Outcome = { kind: string, limitedBy?: string, missing?: string, retryAfterSeconds?: number }

async function fault([status, body, headers]: Answered): Promise<ProviderError> {
  const fetch = async () => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })
  const { retryAfter, refusal } = slack
  const api = createApiReader({ base: slack.hosts.api, accessToken: 'xoxb-test', fetch, retryAfter, refusal, policy: { attempts: 1 } })
  const caught: unknown = await api.get(members, workspace).then(() => null, (error: unknown) => error)
  if (!(caught instanceof ProviderError)) throw new Error(`No refusal: ${String(caught)}`)
  return caught
}

const no = (error: string, more: object = {}): Answered => [200, { ok: false, error, ...more }]

const rows: [Answered, Outcome, verdict: string][] = [
  [no('token_revoked'), { kind: 'unauthorized' }, 'error'],
  [no('token_expired'), { kind: 'unauthorized' }, 'error'],
  [no('invalid_auth'), { kind: 'unauthorized' }, 'error'],
  [no('account_inactive'), { kind: 'unauthorized' }, 'error'],
  [[401, { ok: false, error: 'token_expired' }], { kind: 'unauthorized' }, 'error'],
  [no('missing_scope', { needed: 'users:read', provided: 'team:read' }), { kind: 'forbidden', missing: 'users:read' }, 'error'],
  [no('missing_scope', { needed: 'channels:read,groups:read' }), { kind: 'forbidden', missing: 'channels:read,groups:read' }, 'error'],
  [no('missing_scope', { needed: '<script>' }), { kind: 'forbidden' }, 'error'],
  [no('missing_scope', { needed: 7 }), { kind: 'forbidden' }, 'error'],
  [no('not_allowed_token_type'), { kind: 'forbidden' }, 'error'],
  [no('no_permission'), { kind: 'forbidden' }, 'error'],
  [no('paid_only'), { kind: 'limited', limitedBy: 'plan' }, 'not_applicable'],
  [no('feature_not_enabled'), { kind: 'limited', limitedBy: 'plan' }, 'not_applicable'],
  [no('not_an_admin'), { kind: 'limited', limitedBy: 'role' }, 'error'],
  [no('two_factor_setup_required'), { kind: 'limited', limitedBy: 'sso' }, 'error'],
  [no('team_access_not_granted'), { kind: 'limited', limitedBy: 'policy' }, 'error'],
  [no('invalid_team'), { kind: 'limited', limitedBy: 'policy' }, 'error'],
  [no('ratelimited'), { kind: 'rate_limited' }, 'error'],
  [[200, { ok: false, error: 'ratelimited' }, { 'retry-after': '90' }], { kind: 'rate_limited', retryAfterSeconds: 90 }, 'error'],
  [[429, { ok: false, error: 'ratelimited' }, { 'retry-after': '75' }], { kind: 'rate_limited', retryAfterSeconds: 75 }, 'error'],
  [[429, 'slow down', { 'retry-after': '75' }], { kind: 'rate_limited', retryAfterSeconds: 75 }, 'error'],
  [no('internal_error'), { kind: 'server_error' }, 'error'],
  [no('fatal_error'), { kind: 'server_error' }, 'error'],
  [no('team_added_to_org'), { kind: 'server_error' }, 'error'],
  [no('org_login_required'), { kind: 'server_error' }, 'error'],
  [[503, { ok: false, error: 'token_revoked' }], { kind: 'server_error' }, 'error'],
  [[502, '<html>'], { kind: 'server_error' }, 'error'],
  [no('team_not_found'), { kind: 'not_found' }, 'error'],
  [no('unknown_method'), { kind: 'not_found' }, 'error'],
  // That we sent no token, or sent nonsense, is our fault and says nothing of the grant.
  [no('not_authed'), { kind: 'refused' }, 'error'],
  [no('invalid_arguments'), { kind: 'refused' }, 'error'],
  [no('a_code_of_tomorrow'), { kind: 'refused' }, 'error'],
  [no('constructor'), { kind: 'refused' }, 'error'],
  [[200, { ok: false }], { kind: 'unexpected_shape' }, 'error'],
  [[200, { error: 'token_revoked' }], { kind: 'unexpected_shape' }, 'error'],
  [[200, []], { kind: 'unexpected_shape' }, 'error'],
  [[200, '<html>'], { kind: 'not_json' }, 'error'],
  [[403, '<html>'], { kind: 'forbidden' }, 'error'],
]

describe('a refusal', () => {
  it.each(rows)('%j is %j', async (answered, outcome, verdict) => {
    const error = await fault(answered)
    const { limitedBy, missing, retryAfterSeconds } = error.options
    expect(JSON.parse(JSON.stringify({ kind: error.kind, limitedBy, missing, retryAfterSeconds }))).toEqual(outcome)
    expect(unverified(error, members).verdict).toBe(verdict)
  })

  it('names the permission that is missing', async () => {
    expect(unverified(await fault(no('missing_scope', { needed: 'users:read' })), members).summary).toMatch(/It needs users:read/)
  })
})
