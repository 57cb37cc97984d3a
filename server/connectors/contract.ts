/**
 * What the product knows of one provider. A connector is data wherever data can say it; the protocol's verbs
 * (server/oauth), the credential room (server/integrations) and the scanner read it and never name a provider.
 *
 * A connector may import its own folder, this file and server/utils, nothing else: it gets an `ApiReader` handed in,
 * which can only GET, so that no connector and no check can change anything at the provider.
 */
import type { AssumeRole } from './assume-role'
import type { Check, SignalPublisher } from './check'
import type { ApiReader, Endpoint, ExternalAccount, GrantFacts, RateLimits, Refusal, ResourceDescription } from './endpoint'
import type { Webhooks } from './events'
import type { OAuth2 } from './oauth2'
import type { Opening, SettingDescription } from './opening'

export * from './assume-role'
export * from './check'
export * from './endpoint'
export * from './events'
export * from './oauth2'
export * from './opening'

export interface Connector {
  /** Lower-case, `[a-z][a-z0-9_]*`: the path segment, the `integration_type` and the environment prefix. */
  id: string
  name: string
  /** One sentence for the card. */
  description: string
  /** What is not read although somebody might fear so, in plain words: shown before anybody connects. */
  neverRead?: readonly string[]
  brand: {
    /** An icon of a bundled collection, e.g. `simple-icons:slack`. */
    icon: string
    /** The button's text, as the provider's brand guidance words it. */
    connectLabel: string
  }
  /** The provider's own hosts, without a trailing slash; overridden by `<PROVIDER>_API_URL` and `<PROVIDER>_AUTH_URL`.
   *  Without `auth`, the authorization server is at the API's base. */
  hosts: { api: string, auth?: string }
  authorization: OAuth2 | AssumeRole
  settings?: readonly SettingDescription[]
  /** Opens its API where that is not HTTP with a bearer token. Default: the reader of server/oauth. */
  open?: (opening: Opening) => ApiReader
  /** Goes with every call of the API. */
  everyCall?: { headers?: Readonly<Record<string, string>>, query?: (facts: GrantFacts) => Readonly<Record<string, string>> }
  /** What an answer really is, where the status does not say it: `ok: false` under a 200, a 403 that means "later". Null: the status says it. */
  refusal?: (answer: { status: number, headers: Headers, body: unknown }) => Refusal | null
  webhooks?: Webhooks
  /** How an operator registers the app, step by step. */
  setup: { steps: readonly string[], url: string }
  /** The keys of `config` that are encrypted. */
  secrets: readonly string[]
  /** The provider's word for what `ExternalAccount.id` is, as a person reads it: `organization slug`. */
  accountKind: string
  /** The calls that `account` and `resources` make, and `Minting.order`. */
  discovery: readonly Pick<Endpoint, 'id' | 'scope'>[]
  /** Also what tells whether an end or a suspension that the provider told of is over: it has to fail while either lasts. */
  account: (api: ApiReader) => Promise<ExternalAccount>
  resources: (api: ApiReader) => AsyncIterable<ResourceDescription>
  /** Whether a resource can be asked at all; a sentence if not (its checks are then `not_applicable`). */
  unavailable: (resource: ResourceDescription) => string | null
  checks: readonly Check[]
  /** What its resources tell about themselves to the organization's other connections. */
  signals?: readonly SignalPublisher[]
  /** What `enabled_checks` starts with: categories and check ids. */
  defaultChecks: readonly string[]
  /** UTC cron of a new integration. */
  defaultSchedule: string
  /** Calls at once that one scan makes. Default 8. */
  concurrency?: number
  /** Seconds to wait after a 429, from the provider's own headers; `null` when they do not say. */
  retryAfter: (headers: Headers) => number | null
  /** Undefined: its calls are not counted here. */
  limits?: RateLimits
}

export type OAuthConnector = Connector & { authorization: OAuth2 }
export type RoleConnector = Connector & { authorization: AssumeRole }

export function isOAuth(connector: Connector): connector is OAuthConnector {
  return connector.authorization.kind === 'oauth2'
}

export function isRole(connector: Connector): connector is RoleConnector {
  return connector.authorization.kind === 'assume_role'
}
