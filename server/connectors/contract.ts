/**
 * What the product knows of one provider. A connector is data wherever data can say it; the protocol's verbs
 * (server/oauth), the credential room (server/integrations) and the scanner read it and never name a provider.
 *
 * A connector may import its own folder, this file and server/utils, nothing else: it gets an `ApiReader` handed in,
 * which can only GET, so that no connector and no check can change anything at the provider.
 */
import type { z } from 'zod'
import type { ProviderErrorKind } from '#server/errors'
import type { Severity, Verdict } from '#shared/vocabulary'
import type { Signal, SignalKind, Unknown, Unread } from './signals'

/** JSON that is safe to store and show: chosen field by field by a check, never a provider's raw answer. */
export type Evidence = { [key: string]: EvidenceValue }
export type EvidenceValue = string | number | boolean | null | EvidenceValue[] | { [key: string]: EvidenceValue }

/** What a grant can reach and what is scanned. */
export interface ResourceDescription {
  /** The connector's word for it: `project`, `repository`, ... */
  kind: string
  /** The provider's stable id. */
  externalId: string
  name: string
  /** Non-secret facts the checks or the page need (region, status, plan). */
  metadata: Evidence
}

/** Who the grant belongs to at the provider, by an id that survives a reinstall. */
export interface ExternalAccount {
  id: string
  name: string
  /** What reading the account showed, in place of what was known before: see `GrantFacts`. */
  facts?: GrantFacts
}

/**
 * What the calls of a grant need to know beside its token: a team's or an installation's id. From the callback, in their place
 * from the token endpoint's answer, and in the place of both from `account`; kept beside the tokens in the clear, so never a
 * secret. A reconnect replaces all of them, a refresh none.
 *
 * Anybody can write a callback's address: `account` throws (ProviderError `not_found`) for a fact of the callback that does not
 * fit the token, or gives the right one. Until it has answered, no grant is ended by what a callback alone says.
 */
export type GrantFacts = Readonly<Record<string, string>>

/** One page of an answer, parsed, with what may say where the next one is. */
export interface Page<T> {
  answer: T
  headers: Headers
  /** As it was asked for: below the API's base, with its query. */
  path: string
}

/** How a list goes on. See `paging.ts` for the usual ways. */
export interface Paging<T> {
  /** The next page's path below the API's base, or null at the end. */
  next(page: Page<T>): string | null
  /** All pages as one answer. */
  merge(pages: readonly T[]): T
  /** Pages that one `get` reads at most; more is `too_large`: an answer that was cut is none. Default 100. */
  most?: number
}

/**
 * One GET of the provider's API. The schema is an allow-list: zod drops what it does not name, so that secrets in a
 * configuration body never leave the parser.
 */
export interface Endpoint<T = unknown> {
  /** Unique within the connector; also the key under which one scan shares the answer between checks. */
  id: string
  /** Path below the API's base, with parameters already encoded. */
  path: (resource: ResourceDescription, facts: GrantFacts) => string
  schema: z.ZodType<T>
  /** The permission this call needs, in the provider's own words: named to the person when the provider says 403. */
  scope: string
  /** Statuses with which the provider says "there is no such thing here": the answer is then `null`, not an error. */
  absent?: readonly number[]
  /**
   * What a refusal is by its own words, where statuses are not enough: a 404 "Branch not protected" is an answer, a 404 "Not
   * Found" is none. Asked before `refusal` and `absent`. Null: there is no such thing; undefined: it is a refusal.
   */
  otherwise?: (refused: { status: number, body: unknown }) => T | null | undefined
  /** Where the answer comes in pages. `get` follows them all. */
  paging?: Paging<T>
  /**
   * Where the answer is about more than the one resource: resources with the same word share one answer within a scan. Default:
   * none is shared.
   */
  sharedBy?: (resource: ResourceDescription, facts: GrantFacts) => string
  /** Which of the grant's tokens it is called with (see `OAuth2.slots`). Default: the main one. */
  slot?: string
  /** Called with a token made for it (see `OAuth2.minting`) where one can be. */
  minted?: true
}

/** The provider's API as a connector sees it: GET only, parsed, within the limits of the outgoing policy. */
export interface ApiReader {
  facts: GrantFacts
  /** All pages, merged. @throws ProviderError with a `kind`, see server/errors.ts */
  get: <T>(endpoint: Endpoint<T>, resource?: ResourceDescription) => Promise<T | null>
  /** Page by page, for lists that are too long to hold; nothing where the endpoint says `absent`. @throws as `get` */
  pages: <T>(endpoint: Endpoint<T>, resource?: ResourceDescription) => AsyncIterable<T>
}

/** So many calls in so many seconds; null: only the provider's answers say how many. */
export interface RateWindow { calls: number | null, seconds: number }

/** How the provider counts calls. See server/limits. */
export interface RateLimits {
  /**
   * Whose calls it counts together: all that this installation's application makes, for whichever customer; those of one account
   * (`ExternalAccount.id`); or of whoever a fact names. Calls made before that is known are not counted.
   */
  countedFor: 'app' | 'account' | { fact: string }
  /** The same of calls with a token that was made for them, see `Minting`. */
  mintedFor?: { fact: string }
  /** Of those: all; those of one endpoint, by its id; or those of one path without its query. */
  countedBy: 'all' | 'endpoint' | 'path'
  /** As documented, for the provider's own hosts. Other hosts (a server of one's own) are believed what they say themselves. */
  window: RateWindow
  /** Other windows, by endpoint or path as `countedBy` says. */
  exceptions?: Readonly<Record<string, RateWindow>>
  /** Where answers carry `X-RateLimit-Limit`, `-Remaining` and `-Reset`. */
  headers?: {
    /** What `-Reset` is: seconds until then, or seconds since 1970. */
    reset: 'seconds_left' | 'epoch_seconds'
    /** A header that names what was counted, and its value where that is this bucket. Others tell of another one. */
    resource?: { header: string, value: string }
  }
}

/** What an answer is, where its status alone does not say it. */
export interface Refusal {
  kind: ProviderErrorKind
  /** With `limited`: what hides the answer. A plan makes a check `not_applicable`; everything else an `error`. */
  limitedBy?: 'plan' | 'role' | 'sso' | 'policy'
  /** With `forbidden`: the permission that is missing, in the provider's words. */
  missing?: string
  /** With `rate_limited`. */
  retryAfterSeconds?: number
}

export interface Evaluation {
  verdict: Verdict
  /** One sentence: what was seen. Shown beside the evidence. */
  summary: string
  evidence: Evidence
}

type Answers<R extends Record<string, Endpoint>> = {
  [K in keyof R]: R[K] extends Endpoint<infer T> ? (R[K] extends { absent: readonly number[] } | { otherwise: unknown } ? T | null : T) : never
}

/** What a person reads of a check. */
export interface CheckDescription {
  /** `<provider>_<question>`, or `cross_<question>`; stable for ever: findings are keyed by it. */
  id: string
  /** A statement that is true when the check passes. */
  title: string
  severity: Severity
  /** Also usable as a group in `enabled_checks`. */
  category: string
  /** Why it matters, for a person who has to decide. */
  rationale: string
  remediation: { steps: readonly string[], url: string }
  /** Trust Services Criteria. `own: true` marks our own mapping, not the provider's or a benchmark's. */
  soc2: { criteria: readonly string[], own: boolean }
  /** Recommendations of a CIS benchmark, where one exists: `{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.3.5'] }`. */
  cis?: readonly { benchmark: string, ids: readonly string[] }[]
  /** Annex A controls of ISO/IEC 27001:2022. */
  iso27001?: { controls: readonly string[], own: boolean }
}

/** One question about one resource. `evaluate` is pure: the same answers and time give the same verdict. */
export interface Check<R extends Record<string, Endpoint> = Record<string, Endpoint>> extends CheckDescription {
  /** Kinds of resources it asks about. Default: all of the connector's. */
  kinds?: readonly string[]
  /** The calls it needs; the scanner makes each once per resource and hands the parsed answers in. */
  reads: R
  evaluate: (answers: Answers<R>, context: { resource: ResourceDescription, now: Date }) => Evaluation
}

/** Keeps the types of `reads` for `evaluate`, and erases them for the registry. */
export function defineCheck<const R extends Record<string, Endpoint>>(check: Check<R>): Check {
  return check as unknown as Check
}

type AnswersIfRead<R extends Record<string, Endpoint>> = { [K in keyof R]: Answers<R>[K] | Unread }

/** Tells the organization's other connections facts about a resource. `derive` is pure, as a check's `evaluate`. */
export interface SignalPublisher<R extends Record<string, Endpoint> = Record<string, Endpoint>> {
  /** Kinds of resources it is about. Default: all of the connector's. */
  kinds?: readonly string[]
  /** What it tells. A kind of which it says nothing has no facts: what could not be learned is said to be `Unknown`. */
  tells: readonly SignalKind[]
  /** It needs a permission that most grants do not have: checks that rest on it for their subject are off at first. */
  optional?: boolean
  /** Calls that the connector's checks make anyway: each is made once per resource and scan. */
  reads: R
  derive: (answers: AnswersIfRead<R>, context: { resource: ResourceDescription, now: Date }) => readonly (Signal | Unknown)[]
}

/** As `defineCheck`. */
export function definePublisher<const R extends Record<string, Endpoint>>(publisher: SignalPublisher<R>): SignalPublisher {
  return publisher as unknown as SignalPublisher
}

export interface ScopeDescription {
  /** The provider's name of the permission. */
  name: string
  /** What the `scope` parameter calls it, where that is another word: several may share one. Null: it has none for it. */
  parameter?: string | null
  /** What we use it for, in plain words. */
  reason: string
}

/** A token endpoint's answer, in one shape for every provider. */
export interface TokenSet {
  accessToken: string
  /** Undefined: the provider sent none; the caller keeps the one it has. */
  refreshToken?: string
  /** Seconds from now. Undefined: the provider named no lifetime. */
  expiresIn?: number
  /** Seconds until the refresh token itself ends, where the provider says so. */
  refreshExpiresIn?: number
  /** Undefined: the provider did not say what it granted. */
  scopes?: string[]
  /** Further tokens of the same grant, by slot (see `OAuth2.slots`), in the answer to an authorization code. */
  extra?: Readonly<Record<string, TokenSet>>
  facts?: GrantFacts
}

/** Tokens that are made with a key of the operator's for what a grant is about, beside the grant's own and stored nowhere. */
export interface Minting {
  /** The setting that holds the key. Without it the grant's own token serves. */
  key: string
  /** A POST below the API's base; null: there is nothing that they could be made for. */
  path: (facts: GrantFacts) => string | null
  /** The bearer token of that call, signed with the key. @throws Error for a key that is none */
  assertion: (input: { clientId: string, key: string, now: Date }) => string
  answer: z.ZodType<{ token: string, expiresAt: Date }>
}

export type TokenName = 'access_token' | 'refresh_token'

/** RFC 6749 authorization code grant, with RFC 7636 where the provider takes it. */
export interface OAuth2 {
  kind: 'oauth2'
  /** Below the authorization server's base (`<PROVIDER>_AUTH_URL`); may rest on the operator's settings (an app's name). */
  authorizePath: string | ((settings: Settings) => string)
  tokenPath: string
  /** Where the token endpoint is: at the authorization server's base (default) or at the API's. */
  tokenBase?: 'auth' | 'api'
  /** Parameters of the callback, beside `code` and `state`, that are kept as facts of the grant. Anybody can forge them. */
  callbackFacts?: readonly string[]
  /**
   * People may start at the provider (its marketplace): a callback with a code and without our state is then not refused, and
   * stores nothing before somebody here has confirmed it. Not with PKCE, whose verifier only a start of ours has.
   */
  startsElsewhere?: boolean
  /** Parameters of a callback without a code that say: somebody at the provider has to approve it first. */
  waitsForApproval?: Readonly<Record<string, string>>
  /** RFC 6749 wants `grant_type` and `response_type`; false for a provider that takes neither. */
  sendsTypes?: boolean
  pkce: 'S256' | 'none'
  /** RFC 6749 section 2.3.1: `basic` in the Authorization header, `body` as form fields. */
  clientAuthentication: 'basic' | 'body'
  /** Permissions we ask for. */
  scopes: readonly ScopeDescription[]
  /** Separator of the `scope` parameter; `null` where the permissions are set on the provider's side and none is sent. */
  scopeSeparator: ' ' | ',' | null
  /** Additional authorize parameters; reserved ones (state, redirect_uri, code_challenge, ...) are refused. */
  authorizeParameters?: Readonly<Record<string, string>>
  /** The parameters that make the provider's page start with this account, at a reconnect; reserved ones are refused. */
  pinAccount?: (externalAccountId: string) => Readonly<Record<string, string>>
  /** Whether one permission includes another (`write` includes `read`). Default: none does. */
  scopeCovers?: (granted: string, needed: string) => boolean
  /** RFC 9207: when set, a callback must carry this `iss`. */
  issuer?: string
  /**
   * Further tokens that one grant holds, each renewed by a refresh token of its own: a person's beside a bot's. Their fields
   * in `config` begin with the slot's name (`user_access_token`, ...) and stand in `Connector.secrets`.
   */
  slots?: readonly string[]
  minting?: Minting
  /** The answer of the token endpoint. Accepts any 2xx; throws (zod) on anything that is not a grant. */
  tokenAnswer: z.ZodType<TokenSet>
  /** How a grant is ended at the provider; `null` where the provider offers nothing. */
  revocation: {
    method?: 'POST' | 'DELETE'
    /** Default: the authorization server's. */
    base?: 'auth' | 'api'
    path: string | ((input: { clientId: string, facts: GrantFacts }) => string)
    /** The request's body; the credentials go nowhere else. */
    request: (input: { clientId: string, clientSecret: string, accessToken: string, refreshToken?: string }) =>
    { encoding: 'json' | 'form', body: Record<string, string>, authorization?: 'basic' | 'bearer' }
    /** Statuses which mean that the grant is gone already. */
    alreadyGone: readonly number[]
    /** Codes in a refusal's body which mean the same, whatever its status: some refuse with a 200 and `error` inside. */
    alreadyGoneErrors?: readonly string[]
    /** What one call ends. Each pair of tokens gets a call of its own. */
    covers: readonly TokenName[]
    /**
     * How far one call reaches. `tokens`: the pair that it names and nothing else. `installation`: all access that the account
     * has given this application, whoever connected it: it is made only while nothing else rests on that account, in any
     * organization. Where the provider's documentation leaves it open, `installation`.
     */
    ends: 'tokens' | 'installation'
  } | null
  /** How long grants live by the provider's documentation, where it says so; `source` is that page. */
  lifetimes?: {
    /** Seconds without a use after which the grant ends. */
    idleSeconds?: number
    /** Seconds from its issue to a refresh token's end. */
    refreshTokenSeconds?: number
    source: string
  }
  /** Where a person revokes by hand when we could not. */
  manualRevocationUrl: string
}

/** A role, as a person names it. */
export interface NamedRole { arn: string, accountId: string, facts: GrantFacts }
/** Whom a role has to trust, and under which id. */
export interface Trusting { principal: string, externalId: string }
/** Which ways into a role there are: a good one has the first and no other. */
export interface Trust { withId: boolean, withoutId: boolean, withAnotherId: boolean }

/**
 * A role in the customer's account that trusts our principal under an id that we make (the "confused deputy" answer: somebody
 * else's role, named to us by a third party, has another id). Nothing is secret, nothing has to be renewed, and only the customer ends it.
 */
export interface AssumeRole extends Pick<OAuth2, 'scopes' | 'scopeCovers' | 'lifetimes' | 'manualRevocationUrl'> {
  kind: 'assume_role'
  slots?: undefined
  revocation: null
  /** Reads what a person pasted; `wrong`: a sentence, without what was pasted. */
  readRole: (text: string) => NamedRole | { wrong: string }
  /** The provider's own policies that the role has to have, by their ids there. */
  policies: readonly string[]
  /** The document that lets in whom it names with that id, and nobody else. */
  trustPolicy: (trusting: Trusting) => Evidence
  /** A file from which the provider's own tool makes such a role. */
  template: { fileName: string, text: (trusting: Trusting) => string }
  /** An address at the provider that makes it with everything filled in; null where the operator has not said where the template is. */
  quickCreate: (trusting: Trusting, settings: Settings) => string | null
  /** Regions to choose from, and those that are chosen at first. */
  regions: readonly { id: string, name: string }[]
  defaultRegions: (settings: Settings) => readonly string[]
  /** A call that shows whether the role has its policies. */
  probe: Endpoint
  /** Who we are there: what a trust policy names. @throws ProviderError */
  principal: (opening: Opening) => Promise<string>
  /** Tries the role with its id, without one, and with another. @throws ProviderError for what says nothing about the role */
  tryTrust: (opening: Opening) => Promise<Trust>
}

/** What a connector needs to reach its API in a way of its own. */
export interface Opening {
  /** What is stored as the grant's main token. */
  credential: string
  clientId: string
  clientSecret: string
  /** In the place of the provider's own hosts; null: those. */
  apiBase: string | null
  settings: Settings
  facts: GrantFacts
  /** An id of ours that may stand in the provider's own log; null: there is none yet. */
  reference: string | null
  fetch: typeof fetch
  signal?: AbortSignal
}

/** What the operator sets for a connector beside client id, secret and addresses, by the setting's name. */
export type Settings = Readonly<Record<string, string | undefined>>

/** `<PROVIDER>_<NAME>` in the environment. */
export interface SettingDescription {
  name: string
  /** What it is and where to find it, for a person who has to fill it in. */
  description: string
  secret: boolean
  /** Without it the provider is not configured. */
  required: boolean
  /** What every value looks like: one that does not is a fault of the environment. */
  pattern?: RegExp
}

/** A call that the provider made to us. */
export interface Delivery { headers: Headers, body: Uint8Array }

/** What happened at the provider, to the grants of one account. */
export interface ProviderEvent {
  /** `ended`: the grant is gone. `resources`: look at what there is. `permissions`: the grant has others now. `changed`: scan again. */
  what: 'ended' | 'suspended' | 'resumed' | 'resources' | 'permissions' | 'changed'
  /** Of `ExternalAccount`. Undefined where the provider does not say whose: any account's grants that have the facts. */
  accountId?: string
  /** Facts that the grant must have: a late event of an old installation must not end a newer one. */
  facts?: GrantFacts
  /** ISO 8601: when it happened, if the provider says so. Events that come late or out of order are known by it. */
  at?: string
  /** With `changed`: the resource's external id, when it is one. */
  resourceId?: string
}

export interface Webhooks {
  /** The setting that holds the key that deliveries are signed with, or the client secret. */
  key: 'client_secret' | { setting: string }
  /** Over the raw bytes, in constant time; false without a signature, or outside of the provider's time window. */
  verify: (delivery: Delivery, key: string, now: Date) => boolean
  /** After `verify`. `challenge` is to be sent back; `id` is the same for each redelivery. @throws ZodError */
  parse: (delivery: Delivery) => { challenge: string } | { id: string, events: readonly ProviderEvent[] }
}

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
  /** The calls that `account` and `resources` make. */
  discovery: readonly Pick<Endpoint, 'id' | 'scope'>[]
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
