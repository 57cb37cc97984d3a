/** What comes of the token endpoint's answers, through the verbs that ask it. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { slack } from '#server/connectors/slack'
import { OAuthError } from '#server/errors'
import { exchangeCode } from '#server/oauth/exchange'
import { refreshGrant } from '#server/oauth/refresh'

/** Made at run time: no text of this file looks like a credential. */
const key = (kind: string) => `${kind}-${randomBytes(8).toString('hex')}`
const [bot, botRefresh, person, personRefresh] = [key('xoxb'), key('xoxe'), key('xoxp'), key('xoxe')]

function clientThatGets(status: number, body: unknown, headers: Record<string, string> = {}) {
  const sent: Request[] = []
  const client = {
    connector: slack, clientId: '1.2', clientSecret: 'shh', apiBase: 'https://slack.com', authBase: 'https://slack.com', redirectUri: 'https://app.example/cb', settings: {},
    fetch: async (...call: Parameters<typeof fetch>) => {
      sent.push(new Request(...call))
      return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
    },
  }
  return { sent, exchange: () => exchangeCode(client, { code: 'c', codeVerifier: null }), refresh: () => refreshGrant(client, 'old') }
}

const workspace = { ok: true, app_id: 'A1', team: { id: 'T1', name: 'Acme' }, enterprise: null, is_enterprise_install: false }
const organization = { ...workspace, team: null, enterprise: { id: 'E1', name: 'Acme Group' }, is_enterprise_install: true }
const app = { access_token: bot, token_type: 'bot', scope: 'team:read,users:read', bot_user_id: 'U0' }
const rotating = { refresh_token: botRefresh, expires_in: 43_200 }
const own = { access_token: person, token_type: 'user', scope: 'users:read' }
const none = { refreshToken: undefined, expiresIn: undefined }
const scopes = ['team:read', 'users:read']

describe('the answer to a code', () => {
  it('brings two chains, where the app rotates tokens', async () => {
    const answer = { ...workspace, ...app, ...rotating, authed_user: { id: 'U1', ...own, refresh_token: personRefresh, expires_in: 43_200 } }
    expect(await clientThatGets(200, answer).exchange()).toEqual({
      accessToken: bot, refreshToken: botRefresh, expiresIn: 43_200, scopes, facts: { team_id: 'T1', user_id: 'U1' },
      extra: { user: { accessToken: person, refreshToken: personRefresh, expiresIn: 43_200, scopes: ['users:read'] } },
    })
  })

  it.each([
    ['two tokens that do not end', { ...workspace, ...app, authed_user: { id: 'U1', ...own } }, { accessToken: bot, ...none, scopes, facts: { team_id: 'T1', user_id: 'U1' }, extra: { user: { accessToken: person, ...none, scopes: ['users:read'] } } }],
    ['the app\'s only, where the person declined theirs', { ...workspace, ...app, authed_user: { id: 'U1' } }, { accessToken: bot, ...none, scopes, facts: { team_id: 'T1' } }],
    ['an organization\'s', { ...organization, ...app, authed_user: { id: 'W1', ...own } }, { accessToken: bot, ...none, scopes, facts: { enterprise_id: 'E1', user_id: 'W1' }, extra: { user: { accessToken: person, ...none, scopes: ['users:read'] } } }],
    ['a workspace\'s in an organization', { ...workspace, ...app, enterprise: { id: 'E1', name: 'x' } }, { accessToken: bot, ...none, scopes, facts: { team_id: 'T1' } }],
    ['the person\'s only, which then is the main one', { ...workspace, authed_user: { id: 'U1', ...own } }, { accessToken: person, ...none, scopes: ['users:read'], facts: { team_id: 'T1', user_id: 'U1' } }],
    ['an odd lifetime', { ...workspace, ...app, expires_in: 'soon' }, { accessToken: bot, ...none, scopes, facts: { team_id: 'T1' } }],
    ['a lifetime of nothing', { ...workspace, ...app, expires_in: 0 }, { accessToken: bot, ...none, scopes, facts: { team_id: 'T1' } }],
    ['permissions in other words', { ...workspace, ...app, scope: 'everything, please' }, { accessToken: bot, ...none, scopes: undefined, facts: { team_id: 'T1' } }],
  ])('brings %s', async (_name, answer, expected) => {
    expect(await clientThatGets(200, answer).exchange()).toEqual(expected)
  })

  it('is asked for with Basic, a form and no challenge', async () => {
    const { sent, exchange } = clientThatGets(200, { ...workspace, ...app })
    await exchange()
    expect(sent[0]?.url).toBe('https://slack.com/api/oauth.v2.access')
    expect(sent[0]?.headers.get('authorization')).toBe(`Basic ${Buffer.from('1.2:shh').toString('base64')}`)
    expect(Object.fromEntries(new URLSearchParams(await sent[0]?.text()))).toEqual({ grant_type: 'authorization_code', code: 'c', redirect_uri: 'https://app.example/cb' })
  })
})

describe('the answer to a refresh token', () => {
  it.each(['bot', 'user'])('is one token at the top: a %s\'s', async (token_type) => {
    const answer = { ...workspace, ...app, ...rotating, token_type }
    expect(await clientThatGets(200, answer).refresh()).toEqual({ accessToken: bot, refreshToken: botRefresh, expiresIn: 43_200, scopes, facts: { team_id: 'T1' } })
  })
})

type Row = [status: number, body: unknown, failure: string, code: string]
const no = (error: string, failure: string, code: string): Row => [200, { ok: false, error }, failure, code]

const shapes: Row[] = [
  [200, { ...workspace }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, token_type: 'app' }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, access_token: '' }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, access_token: 'two words' }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, ok: undefined }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, authed_user: { id: 'U1', access_token: 7 } }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, authed_user: { id: 'U1', ...own, token_type: 'wizard' } }, 'passing', 'unexpected_shape'],
  [200, { ...workspace, ...app, team: { id: 'no id' } }, 'passing', 'unexpected_shape'],
  [200, [], 'passing', 'unexpected_shape'],
  [200, '<html>', 'passing', 'not_json'],
  [503, '<html>', 'passing', 'server_error'],
  [429, { ok: false, error: 'ratelimited' }, 'passing', 'rate_limited'],
]

const words: Row[] = [
  no('invalid_refresh_token', 'dead_grant', 'grant_rejected'),
  no('token_revoked', 'dead_grant', 'grant_rejected'),
  no('token_expired', 'dead_grant', 'grant_rejected'),
  no('account_inactive', 'dead_grant', 'grant_rejected'),
  no('invalid_auth', 'dead_grant', 'grant_rejected'),
  [400, { error: 'invalid_grant' }, 'dead_grant', 'invalid_grant'],
  no('invalid_client_id', 'our_application', 'client_rejected'),
  no('bad_client_secret', 'our_application', 'client_rejected'),
  no('bad_redirect_uri', 'our_application', 'redirect_rejected'),
  no('oauth_authorization_url_mismatch', 'our_application', 'redirect_rejected'),
  no('pkce_not_allowed', 'our_application', 'client_rejected'),
  no('not_authed', 'our_application', 'client_rejected'),
  no('no_scopes', 'our_application', 'client_rejected'),
  no('invalid_grant_type', 'our_application', 'request_rejected'),
  no('invalid_arguments', 'our_application', 'request_rejected'),
  no('invalid_form_data', 'our_application', 'request_rejected'),
  no('method_deprecated', 'our_application', 'request_rejected'),
  no('ratelimited', 'passing', 'busy'),
  no('internal_error', 'passing', 'server_error'),
  no('service_unavailable', 'passing', 'server_error'),
  no('team_added_to_org', 'passing', 'account_moving'),
  no('org_login_required', 'passing', 'account_moving'),
  no('missing_scope', 'passing', 'permission_missing'),
  no('two_factor_setup_required', 'passing', 'permission_missing'),
  no('accesslimited', 'passing', 'permission_missing'),
  no('ekm_access_denied', 'passing', 'permission_missing'),
  no('enterprise_is_restricted', 'passing', 'permission_missing'),
]

describe('what is no grant', () => {
  it.each([...shapes, ...words])('at a refresh: %i %j is %s, %s', async (status, body, failure, code) => {
    await expect(clientThatGets(status, body).refresh()).rejects.toMatchObject({ failure, oauthError: code })
  })

  it('says how long to wait', async () => {
    const caught: unknown = await clientThatGets(429, '', { 'retry-after': '12' }).refresh().catch((error: unknown) => error)
    expect(caught).toBeInstanceOf(OAuthError)
    expect(caught).toMatchObject({ retryAfterSeconds: 12 })
  })

  it.each([
    no('invalid_code', 'dead_grant', 'grant_rejected'), no('cannot_install_an_org_installed_app', 'dead_grant', 'unrecognised'), no('user_email_unverified', 'dead_grant', 'unrecognised'),
  ])('at the exchange: %i %j is %s, %s', async (status, body, failure, code) => {
    await expect(clientThatGets(status, body).exchange()).rejects.toMatchObject({ failure, oauthError: code })
  })
})
