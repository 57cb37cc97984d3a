import { isOAuth, type Connector, type OAuth2, type Settings } from '#server/connectors/contract'

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
  /** A local stand-in's. */
  inSandbox?: true
  /** The real one, or that of an in-process sandbox. */
  fetch: typeof fetch
}

/** How a connector of OAuth authorizes. @throws TypeError for one that has another way: its tokens are not this room's affair */
export function oauthOf(connector: Connector): OAuth2 {
  if (!isOAuth(connector)) throw new TypeError(`${connector.id} does not use OAuth`)
  return connector.authorization
}
