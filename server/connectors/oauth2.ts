/** How a grant is made, kept and ended with OAuth. Part of the contract. */
import type { z } from 'zod'
import type { ApiReader, Evidence, GrantFacts } from './endpoint'
import type { Settings } from './opening'

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

/**
 * Tokens that are made with a key of the operator's for what a grant is about, beside the grant's own and stored nowhere. They
 * rest on no person: whether the one whose grant it is may still see what they show, nobody but `order` asks.
 */
export interface Minting {
  /** The setting that holds the key. Without it the grant's own token serves. */
  key: string
  /**
   * What to make them for, as the grant's own token shows it now; asked in each run anew, before one is made. Null: nothing, or
   * they would show more than the person may see. @throws ProviderError account_missing, not_found: the grant does not reach it any more
   */
  order: (api: ApiReader) => Promise<MintingOrder | null>
  /** The bearer token of the call that makes them, signed with the key. @throws Error for a key that is none */
  assertion: (input: { clientId: string, key: string, now: Date }) => string
  answer: z.ZodType<{ token: string, expiresAt: Date }>
  /** A GET below the API's base, answered to nobody but the assertion's owner: whether the key is the right one. */
  proofPath: string
}

export interface MintingOrder {
  /** A POST below the API's base. */
  path: string
  /** Its JSON: no more than the checks need. */
  body: Evidence
  /** For the audit log, beside the use of the grant: what they are made for, and what they may do. */
  detail: Readonly<Record<string, string | string[]>>
}

export type TokenName = 'access_token' | 'refresh_token'

/** RFC 6749 authorization code grant, with RFC 7636 where the provider takes it. */
export interface OAuth2 {
  kind: 'oauth2'
  /** Below the authorization server's base (`<PROVIDER>_AUTH_URL`); may rest on the operator's settings (an app's name). */
  authorizePath: string | ((settings: Settings) => string)
  /**
   * A page of the provider where the person puts the app into an account, before they are asked for consent: below the same base,
   * or null where there is none with these settings. It takes `state` alone, so nothing of PKCE binds what comes back from it:
   * its `callbackFacts` are kept for the consent that follows at once, and its code is not used.
   */
  installPath?: (settings: Settings) => string | null
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
