import { calculatePKCECodeChallenge } from 'oauth4webapi'
import { addressBelow } from './address'
import { oauthOf, type OAuthClient } from './client'

/** What the protocol sets. A connector that sets one of them would undo a protection, so it is refused. */
const reserved = new Set([
  'client_id', 'client_secret', 'response_type', 'redirect_uri', 'state', 'scope', 'code', 'code_challenge', 'code_challenge_method',
  'code_verifier', 'grant_type', 'request', 'request_uri', 'iss',
])

function authorizePathOf({ connector, settings }: OAuthClient): string {
  const { authorizePath } = oauthOf(connector)
  return typeof authorizePath === 'string' ? authorizePath : authorizePath(settings)
}

/** Where the browser is sent to install the app; null: the provider has no page for that. */
export function installUrl({ connector, settings, authBase }: OAuthClient, state: string): URL | null {
  const path = oauthOf(connector).installPath?.(settings) ?? null
  if (path === null) return null
  const url = addressBelow(authBase, path)
  url.searchParams.set('state', state)
  return url
}

/**
 * Where the browser is sent to ask for consent (RFC 6749 section 4.1.1, RFC 7636 section 4.3).
 * `codeVerifier` is needed where the connector uses PKCE and not looked at where it does not.
 * @param account the provider's id of the account that the person is to choose, where its page can be told; null: any
 * @throws TypeError for a reserved parameter or a missing verifier
 */
export async function authorizeUrl(client: OAuthClient, flow: { state: string, codeVerifier: string | null }, account: string | null = null): Promise<URL> {
  const authorization = oauthOf(client.connector)
  const url = addressBelow(client.authBase, authorizePathOf(client))
  for (const [name, value] of Object.entries({ ...authorization.authorizeParameters, ...(account === null ? {} : authorization.pinAccount?.(account)) })) {
    if (reserved.has(name.toLowerCase())) throw new TypeError(`A connector may not set the authorize parameter ${name}`)
    url.searchParams.set(name, value)
  }
  url.searchParams.set('client_id', client.clientId)
  if (authorization.sendsTypes !== false) url.searchParams.set('response_type', 'code')
  url.searchParams.set('redirect_uri', client.redirectUri)
  url.searchParams.set('state', flow.state)
  if (authorization.scopeSeparator !== null) {
    const words = authorization.scopes.map(({ name, parameter = name }) => parameter).filter(word => word !== null)
    url.searchParams.set('scope', [...new Set(words)].join(authorization.scopeSeparator))
  }
  if (authorization.pkce === 'S256') {
    if (!flow.codeVerifier) throw new TypeError('This connector uses PKCE and got no verifier')
    url.searchParams.set('code_challenge', await calculatePKCECodeChallenge(flow.codeVerifier))
    url.searchParams.set('code_challenge_method', 'S256')
  }
  return url
}
