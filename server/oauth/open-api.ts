import type { ApiReader, Endpoint, GrantFacts, Opening, ResourceDescription } from '#server/connectors/contract'
import type { OAuthClient } from './client'
import { createApiReader, type TokenSource } from './http'
import type { CallLimiter } from './limiter'
import type { MintedTokens } from './minted-tokens'

/** A grant's credential, and what its calls need to know beside it. */
export interface Held {
  accessToken: string | TokenSource
  /** Of the usual reader's calls. Default: none, and the grant's own token serves everything. */
  minted?: MintedTokens | null
  facts?: GrantFacts
  /** The integration's id, where it has one. */
  reference?: string
  /** Of the usual reader's calls. A connector that opens its API in a way of its own keeps its own pace. */
  limiter?: CallLimiter
  signal?: AbortSignal
}

/** What a connector with a way of its own to its API gets. */
export function openingOf(client: OAuthClient, { accessToken, facts = {}, reference, signal }: Held & { accessToken: string }): Opening {
  const { clientId, clientSecret, settings, fetch, apiBase, connector } = client
  return { credential: accessToken, clientId, clientSecret, settings, fetch, signal, facts, apiBase: apiBase === connector.hosts.api ? null : apiBase, reference: reference ?? null }
}

/** The provider's API with a grant's credential, in the connector's own way or the usual one. */
export function openApi(client: OAuthClient, held: Held): ApiReader {
  const { open, retryAfter, refusal, everyCall } = client.connector
  const { accessToken, minted, facts, limiter, signal } = held
  if (!open) return createApiReader({ base: client.apiBase, accessToken, minted, fetch: client.fetch, retryAfter, refusal, everyCall, facts, limiter, signal })
  if (typeof accessToken === 'string') return open(openingOf(client, { ...held, accessToken }))
  return telling(open(openingOf(client, { ...held, accessToken: accessToken.token(undefined) ?? '' })), () => accessToken.answered(undefined))
}

/** The same reader, which says when it was answered. What it holds is nothing that could be renewed. */
function telling(api: ApiReader, answered: () => void): ApiReader {
  return {
    facts: api.facts,
    async get<T>(endpoint: Endpoint<T>, resource?: ResourceDescription) {
      const answer = await api.get(endpoint, resource)
      answered()
      return answer
    },
    async* pages<T>(endpoint: Endpoint<T>, resource?: ResourceDescription) {
      for await (const page of api.pages(endpoint, resource)) {
        answered()
        yield page
      }
    },
  }
}
