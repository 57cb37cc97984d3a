import type { ApiReader, GrantFacts, Opening } from '#server/connectors/contract'
import type { OAuthClient } from './client'
import { createApiReader } from './http'

/** A grant's credential, and what its calls need to know beside it. */
export interface Held {
  accessToken: string
  facts?: GrantFacts
  /** The integration's id, where it has one. */
  reference?: string
  signal?: AbortSignal
}

/** What a connector with a way of its own to its API gets. */
export function openingOf(client: OAuthClient, { accessToken, facts = {}, reference, signal }: Held): Opening {
  const { clientId, clientSecret, settings, fetch, apiBase, connector } = client
  return { credential: accessToken, clientId, clientSecret, settings, fetch, signal, facts, apiBase: apiBase === connector.hosts.api ? null : apiBase, reference: reference ?? null }
}

/** The provider's API with a grant's credential, in the connector's own way or the usual one. */
export function openApi(client: OAuthClient, held: Held): ApiReader {
  const { open, retryAfter, refusal, everyCall } = client.connector
  if (open) return open(openingOf(client, held))
  const { accessToken, facts, signal } = held
  return createApiReader({ base: client.apiBase, accessToken, fetch: client.fetch, retryAfter, refusal, everyCall, facts, signal })
}
