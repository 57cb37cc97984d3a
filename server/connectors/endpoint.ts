/** A provider's API: what is asked of it, how it counts, and the reader that asks. Part of the contract. */
import type { z } from 'zod'
import type { ProviderErrorKind } from '#server/errors'

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
 * secret. A reconnect replaces all of them, a refresh none; a scan notes what `account` shows by then, since an account may have
 * been left and joined again.
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
