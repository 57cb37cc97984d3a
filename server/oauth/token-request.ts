import type { TokenSet } from '#server/connectors/contract'
import { OAuthError, ProviderError } from '#server/errors'
import { oauthOf, type OAuthClient } from './client'
import { basicAuthorization } from './client-authentication'
import { isRefusal, tokenFailure, type Grant } from './failure'
import { sendRequest, type Answer, type CallPolicy } from './send'

export interface TokenRequestOptions { policy?: Partial<CallPolicy>, signal?: AbortSignal }

/** A token that goes into a header later: RFC 6750 allows less still, providers more. */
const usable = /^[\x21-\x7E]+$/

/**
 * One call of the token endpoint, never repeated: codes and rotating refresh tokens serve once. Any 2xx may hold a
 * grant (Supabase answered 201 for years and answers 200 now).
 * @throws OAuthError in one of the three classes; the signal's reason
 */
export async function requestToken(client: OAuthClient, grant: Grant, parameters: Readonly<Record<string, string>>, options: TokenRequestOptions = {}): Promise<TokenSet> {
  const authorization = oauthOf(client.connector)
  const basic = authorization.clientAuthentication === 'basic'
  const body = new URLSearchParams({
    ...(authorization.sendsTypes === false ? {} : { grant_type: grant }),
    ...parameters,
    ...(basic ? {} : { client_id: client.clientId, client_secret: client.clientSecret }),
  })
  let answer: Answer
  try {
    answer = await sendRequest({
      method: 'POST',
      base: authorization.tokenBase === 'api' ? client.apiBase : client.authBase,
      path: authorization.tokenPath,
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(basic ? { authorization: basicAuthorization(client.clientId, client.clientSecret) } : {}),
      },
      body: body.toString(),
      fetch: client.fetch,
      ...options,
    })
  }
  catch (error) {
    if (error instanceof ProviderError) throw new OAuthError('passing', error.kind, { cause: error })
    throw error
  }
  const said = answer.body.kind === 'json' ? answer.body.value : undefined
  if (answer.status < 200 || answer.status > 299 || isRefusal(said)) {
    const { failure, oauthError } = tokenFailure(answer, grant)
    throw new OAuthError(failure, oauthError, {}, failure === 'passing' ? client.connector.retryAfter(answer.headers) : null)
  }
  const tokens = authorization.tokenAnswer.safeParse(said)
  if (!tokens.success || ![tokens.data.accessToken, tokens.data.refreshToken ?? 'none'].every(token => usable.test(token))) {
    throw new OAuthError('passing', 'unexpected_shape')
  }
  return tokens.data
}
