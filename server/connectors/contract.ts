/**
 * What the product knows of one provider. A connector is data wherever data can say it; the protocol's verbs
 * (server/oauth), the credential room (server/integrations) and the scanner read it and never name a provider.
 *
 * A connector may import its own folder, this file and server/utils, nothing else: it gets an `ApiReader` handed in,
 * which can only GET, so that no connector and no check can change anything at the provider.
 */
import type { z } from 'zod'
import type { Severity, Verdict } from '#shared/vocabulary'

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
export interface ExternalAccount { id: string, name: string }

/**
 * One GET of the provider's API. The schema is an allow-list: zod drops what it does not name, so that secrets in a
 * configuration body never leave the parser.
 */
export interface Endpoint<T = unknown> {
  /** Unique within the connector; also the key under which one scan shares the answer between checks. */
  id: string
  /** Path below the API's base, with parameters already encoded. */
  path: (resource: ResourceDescription) => string
  schema: z.ZodType<T>
  /** The permission this call needs, in the provider's own words: named to the person when the provider says 403. */
  scope: string
  /** Statuses with which the provider says "there is no such thing here": the answer is then `null`, not an error. */
  absent?: readonly number[]
}

/** The provider's API as a connector sees it: GET only, parsed, within the limits of the outgoing policy. */
export interface ApiReader {
  /** @throws ProviderError with a `kind`, see server/errors.ts */
  get: <T>(endpoint: Endpoint<T>, resource?: ResourceDescription) => Promise<T | null>
}

export interface Evaluation {
  verdict: Verdict
  /** One sentence: what was seen. Shown beside the evidence. */
  summary: string
  evidence: Evidence
}

type Answers<R extends Record<string, Endpoint>> = {
  [K in keyof R]: R[K] extends Endpoint<infer T> ? (R[K] extends { absent: readonly number[] } ? T | null : T) : never
}

/** One question about one resource. `evaluate` is pure: the same answers and time give the same verdict. */
export interface Check<R extends Record<string, Endpoint> = Record<string, Endpoint>> {
  /** `<provider>_<question>`, stable for ever: findings are keyed by it. */
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
  /** The calls it needs; the scanner makes each once per resource and hands the parsed answers in. */
  reads: R
  evaluate: (answers: Answers<R>, context: { resource: ResourceDescription, now: Date }) => Evaluation
}

/** Keeps the types of `reads` for `evaluate`, and erases them for the registry. */
export function defineCheck<const R extends Record<string, Endpoint>>(check: Check<R>): Check {
  return check as unknown as Check
}

export interface ScopeDescription {
  /** The provider's name of the permission. */
  name: string
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
}

export type TokenName = 'access_token' | 'refresh_token'

/** RFC 6749 authorization code grant, with RFC 7636 where the provider takes it. */
export interface OAuth2 {
  kind: 'oauth2'
  /** Paths below the authorization server's base (`<PROVIDER>_AUTH_URL`). */
  authorizePath: string
  tokenPath: string
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
  /** The answer of the token endpoint. Accepts any 2xx; throws (zod) on anything that is not a grant. */
  tokenAnswer: z.ZodType<TokenSet>
  /** How a grant is ended at the provider; `null` where the provider offers nothing. */
  revocation: {
    path: string
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

export interface Connector {
  /** Lower-case, `[a-z][a-z0-9_]*`: the path segment, the `integration_type` and the environment prefix. */
  id: string
  name: string
  /** One sentence for the card. */
  description: string
  brand: {
    /** An icon of a bundled collection, e.g. `simple-icons:slack`. */
    icon: string
    /** The button's text, as the provider's brand guidance words it. */
    connectLabel: string
  }
  /** The provider's own hosts, without a trailing slash; overridden by `<PROVIDER>_API_URL` and `<PROVIDER>_AUTH_URL`.
   *  Without `auth`, the authorization server is at the API's base. */
  hosts: { api: string, auth?: string }
  authorization: OAuth2
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
  /** What `enabled_checks` starts with: categories and check ids. */
  defaultChecks: readonly string[]
  /** UTC cron of a new integration. */
  defaultSchedule: string
  /** Seconds to wait after a 429, from the provider's own headers; `null` when they do not say. */
  retryAfter: (headers: Headers) => number | null
}
