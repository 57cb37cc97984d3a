import type { TokenSet } from '#server/connectors/contract'
import type { OAuthClient } from './client'
import { requestToken, type TokenRequestOptions } from './token-request'

/**
 * Redeems a refresh token (RFC 6749 section 6), once: it may be spent whatever comes back, so the caller holds the lease
 * and stores the answer before it uses it.
 * @throws OAuthError
 */
export async function refreshGrant(client: OAuthClient, refreshToken: string, options?: TokenRequestOptions): Promise<TokenSet> {
  const { refreshToken: next, ...tokens } = await requestToken(client, 'refresh_token', { refresh_token: refreshToken }, options)
  // Some hand back the one that they got: it is as old as it was.
  return next === undefined || next === refreshToken ? tokens : { ...tokens, refreshToken: next }
}
