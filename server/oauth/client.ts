import type { Connector, Settings } from '#server/connectors/contract'

/** One connector with this installation's credentials and hosts: what every verb of this room works with. */
export interface OAuthClient {
  connector: Connector
  clientId: string
  clientSecret: string
  /** Origin and path of the provider's API, without a trailing slash. */
  apiBase: string
  /** The same of its authorization server. */
  authBase: string
  redirectUri: string
  settings: Settings
  /** The real one, or that of an in-process sandbox. */
  fetch: typeof fetch
}
