import { ProviderError } from '#server/errors'
import type { OAuthClient } from './client'
import { basicAuthorization } from './client-authentication'
import { isRefusal } from './failure'
import { sendRequest } from './send'
import { statusError } from './status'
import type { TokenRequestOptions } from './token-request'

export type Revocation = 'revoked' | 'already_gone' | 'not_supported'

/**
 * Ends the grant at the provider, in the words its connector has for it. The wait is bounded by the policy of all calls.
 * @throws ProviderError when the provider did not do it
 */
export async function revokeGrant(client: OAuthClient, tokens: { accessToken: string, refreshToken?: string }, options: TokenRequestOptions = {}): Promise<Revocation> {
  const { revocation } = client.connector.authorization
  if (!revocation) return 'not_supported'
  const { encoding, body, authorization } = revocation.request({ clientId: client.clientId, clientSecret: client.clientSecret, ...tokens })
  const headers: Record<string, string> = { 'content-type': encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded' }
  if (authorization === 'basic') headers.authorization = basicAuthorization(client.clientId, client.clientSecret)
  if (authorization === 'bearer') headers.authorization = `Bearer ${tokens.accessToken}`
  const answer = await sendRequest({
    method: 'POST',
    base: client.authBase,
    path: revocation.path,
    headers,
    body: encoding === 'json' ? JSON.stringify(body) : new URLSearchParams(body).toString(),
    fetch: client.fetch,
    expect: 'any', // RFC 7009 section 2.2: the body of a success means nothing.
    ...options,
  })
  if (revocation.alreadyGone.includes(answer.status)) return 'already_gone'
  if (answer.status < 200 || answer.status > 299) throw statusError(answer, client.connector.retryAfter)
  if (answer.body.kind === 'json' && isRefusal(answer.body.value)) throw new ProviderError('refused', answer.call, { status: answer.status })
  return 'revoked'
}
