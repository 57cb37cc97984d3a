import type { TokenSet } from '#server/connectors/contract'
import { oauthOf, type OAuthClient } from './client'
import { requestToken, type TokenRequestOptions } from './token-request'

/**
 * Redeems an authorization code (RFC 6749 section 4.1.3, RFC 7636 section 4.5).
 * @throws OAuthError: `dead_grant` means that the code was refused; TypeError for a missing verifier
 */
export async function exchangeCode(client: OAuthClient, input: { code: string, codeVerifier: string | null }, options?: TokenRequestOptions): Promise<TokenSet> {
  const pkce = oauthOf(client.connector).pkce === 'S256'
  if (pkce && !input.codeVerifier) throw new TypeError('This connector uses PKCE and got no verifier')
  return requestToken(client, 'authorization_code', {
    code: input.code,
    redirect_uri: client.redirectUri,
    ...(pkce && input.codeVerifier ? { code_verifier: input.codeVerifier } : {}),
  }, options)
}
