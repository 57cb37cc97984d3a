import { describe, expect, it } from 'vitest'
import { authorizeUrl } from '#server/oauth/authorize-url'
import { clientAt } from './support'

// RFC 7636 appendix B.
const codeVerifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const codeChallenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const flow = { state: 'the-state', codeVerifier }

describe('authorizeUrl', () => {
  it('asks as the protocol wants it', async () => {
    const url = await authorizeUrl(clientAt('https://auth.example/base'), flow)
    expect(url.origin + url.pathname).toBe('https://auth.example/base/oauth/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'client id:1', response_type: 'code', redirect_uri: 'https://app.example/api/auth/example/callback', state: 'the-state', scope: 'read:a read:b',
      code_challenge: codeChallenge, code_challenge_method: 'S256',
    })
    expect(url.href).not.toContain(codeVerifier)
  })

  it('joins scopes as the provider does, or sends none', async () => {
    expect((await authorizeUrl(clientAt('https://a.example', { scopeSeparator: ',' }), flow)).searchParams.get('scope')).toBe('read:a,read:b')
    expect((await authorizeUrl(clientAt('https://a.example', { scopeSeparator: null }), flow)).searchParams.has('scope')).toBe(false)
  })

  it('asks for permissions in the words that the parameter has for them, each once', async () => {
    const scopes = [
      { name: 'code:read', parameter: 'repo', reason: '' }, { name: 'alerts:read', parameter: 'repo', reason: '' },
      { name: 'hooks:read', parameter: null, reason: '' }, { name: 'user', reason: '' },
    ]
    expect((await authorizeUrl(clientAt('https://a.example', { scopes }), flow)).searchParams.get('scope')).toBe('repo user')
  })

  it('leaves PKCE off where the provider takes none', async () => {
    const url = await authorizeUrl(clientAt('https://a.example', { pkce: 'none' }), { state: 's', codeVerifier: null })
    expect([...url.searchParams.keys()].filter(name => name.startsWith('code_'))).toEqual([])
    await expect(authorizeUrl(clientAt('https://a.example'), { state: 's', codeVerifier: null })).rejects.toThrow(TypeError)
  })

  it('adds what the connector adds', async () => {
    const client = clientAt('https://a.example', { authorizePath: '/install?fixed=1', authorizeParameters: { user_scope: 'x,y', prompt: 'consent' } })
    const url = await authorizeUrl(client, flow)
    expect([url.searchParams.get('user_scope'), url.searchParams.get('prompt'), url.searchParams.get('fixed')]).toEqual(['x,y', 'consent', '1'])
  })

  it.each(['state', 'redirect_uri', 'client_id', 'client_secret', 'response_type', 'scope', 'code_challenge', 'code_challenge_method', 'code_verifier', 'request', 'request_uri', 'STATE', 'Redirect_Uri'])(
    'refuses a connector that sets %s', async (name) => {
      await expect(authorizeUrl(clientAt('https://a.example', { authorizeParameters: { [name]: 'x' } }), flow)).rejects.toThrow(`A connector may not set the authorize parameter ${name}`)
    })

  it('names the account that is wanted where the provider takes it, and else none', async () => {
    const pinAccount = (id: string) => ({ organization_slug: id, prompt: 'none' })
    const asked = async (authorization: object, account?: string | null) => (await authorizeUrl(clientAt('https://a.example', authorization), flow, account)).searchParams
    const pinned = await asked({ pinAccount, authorizeParameters: { prompt: 'consent' } }, 'acme & co')
    expect([pinned.getAll('organization_slug'), pinned.getAll('prompt')]).toEqual([['acme & co'], ['none']])
    expect((await asked({ pinAccount })).has('organization_slug')).toBe(false)
    expect((await asked({ pinAccount }, null)).has('organization_slug')).toBe(false)
    expect((await asked({}, 'acme')).toString()).toBe((await asked({})).toString())
  })

  it.each(['state', 'redirect_uri', 'Client_Id', 'code_challenge'])('refuses a connector that pins an account by %s', async (name) => {
    await expect(authorizeUrl(clientAt('https://a.example', { pinAccount: id => ({ [name]: id }) }), flow, 'acme')).rejects.toThrow(`A connector may not set the authorize parameter ${name}`)
  })

  it('stays at the authorization server', async () => {
    for (const authorizePath of ['//evil.example/a', 'https://evil.example', '/../x']) {
      await expect(authorizeUrl(clientAt('https://a.example/base', { authorizePath }), flow)).rejects.toThrow(TypeError)
    }
  })
})
