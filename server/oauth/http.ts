/**
 * A provider's API as a connector may use it: GET only, parsed by an allow-list, retried where that makes sense. How one
 * call is made is in send.ts.
 */
import type { ApiReader, Connector, Endpoint, GrantFacts, Page, ResourceDescription } from '#server/connectors/contract'
import { withQuery } from '#server/connectors/paging'
import { ProviderError } from '#server/errors'
import type { CallLimiter, Permit } from './limiter'
import type { MintedTokens } from './minted-tokens'
import { insist, retryPolicy, type RetryPolicy, type Waiting } from './retry'
import { sendRequest, type CallPolicy } from './send'
import { isSuccess, refusalOf } from './status'

export { callPolicy, sendRequest, userAgent, type Answer, type Call, type CallPolicy } from './send'
export { retryAfterHeader, statusError } from './status'

export interface ReaderPolicy extends CallPolicy, RetryPolicy {}

/** Where a reader's tokens come from, when they may change while it reads. */
export interface TokenSource {
  /** Null: the grant has none for this slot. */
  token: (slot: string | undefined) => string | null
  /** A call with the slot's token was answered. */
  answered: (slot: string | undefined) => void
  /** After a 401 for this token. Returns when there is another one to try. @throws when there is none */
  replace: (slot: string | undefined, token: string, cause: ProviderError) => Promise<void>
}

export interface ApiReaderOptions extends Waiting {
  base: string
  accessToken: string | TokenSource
  /** For endpoints that say so, once they are ready; null: there are none. */
  minted?: MintedTokens | null
  fetch: typeof fetch
  /** Seconds to wait after a 429, from the provider's own headers. */
  retryAfter: (headers: Headers) => number | null
  /** As in `Connector`. */
  refusal?: Connector['refusal']
  everyCall?: Connector['everyCall']
  facts?: GrantFacts
  /** Default: as many calls as come. */
  limiter?: CallLimiter
  policy?: Partial<ReaderPolicy>
}

const nowhere: ResourceDescription = { kind: '', externalId: '', name: '', metadata: {} }

/** One page, or null: there is no such thing. */
async function readOnce<T>(endpoint: Endpoint<T>, path: string, accessToken: string, options: ApiReaderOptions, permit: Permit | null): Promise<Page<T> | null> {
  const { base, fetch, signal, policy, everyCall, facts = {} } = options
  const absent = (status: number) => endpoint.absent?.includes(status) ?? false
  const answer = await sendRequest({
    method: 'GET', base, path: withQuery(path, everyCall?.query?.(facts) ?? {}), fetch, signal, policy,
    headers: { ...everyCall?.headers, authorization: `Bearer ${accessToken}` },
  })
  permit?.answered(answer.headers)
  const value = answer.body.kind === 'json' ? answer.body.value : undefined
  const meant = isSuccess(answer) ? undefined : endpoint.otherwise?.({ status: answer.status, body: value })
  if (meant !== undefined) return meant === null ? null : { answer: meant, headers: answer.headers, path }
  const refused = refusalOf(answer, options)
  if (refused?.kind === 'rate_limited') permit?.refused(refused.options.retryAfterSeconds)
  if (refused && !absent(answer.status)) throw refused
  if (absent(answer.status)) return null
  const parsed = endpoint.schema.safeParse(value)
  if (parsed.success) return { answer: parsed.data, headers: answer.headers, path }
  // Where it does not fit and how, without what stood there.
  const where = parsed.error.issues.slice(0, 5).map(issue => `${issue.path.map(String).join('.')}: ${issue.code}`).join(', ')
  throw new ProviderError('unexpected_shape', answer.call, { status: answer.status, cause: new Error(`${endpoint.id}: ${where}`) })
}

/** As errors name it: never with its query. */
function labelOf(path: string): string {
  return `GET ${path.split('?')[0]}`
}

/** Pages that one `get` reads at most, unless the endpoint says otherwise. */
const MOST_PAGES = 100
/** Pages of a list that is gone through one by one: nobody has so many resources. */
const MOST_PAGES_OF_A_LIST = 1_000
/** How often in a row a list may say the same: an empty page may come again, a list that never ends does nothing else. */
const MOST_REPEATS = 50
/** Other tokens that one page may take: the first is the renewal, more only where others renew as well. */
const MOST_TOKENS = 3

const usable = /^[\x21-\x7E]+$/

function one(accessToken: string): TokenSource {
  if (!usable.test(accessToken)) throw new TypeError('The access token holds characters that no header may carry')
  return { token: slot => slot === undefined ? accessToken : null, answered: () => {}, replace: (_slot, _token, cause) => Promise.reject(cause) }
}

/**
 * A reader with a grant's tokens. Each page is tried up to three times after network faults, 429 and 5xx, and twice
 * after a timeout; a 429 that asks for more than a minute is thrown at once with `retryAfterSeconds`, and so is a wait of the
 * limiter's.
 * @throws TypeError when the one token cannot stand in a header; those of a grant were looked at when they came
 */
export function createApiReader(options: ApiReaderOptions): ApiReader {
  const policy = { ...retryPolicy, ...options.policy }
  const facts = options.facts ?? {}
  const tokens = typeof options.accessToken === 'string' ? one(options.accessToken) : options.accessToken

  const read = <T>(endpoint: Endpoint<T>, path: string): Promise<Page<T> | null> => insist(() => readWithin(endpoint, path), policy, options)

  async function readWithin<T>(endpoint: Endpoint<T>, path: string): Promise<Page<T> | null> {
    for (let others = 0; ; others += 1) {
      const { token, minted, permit } = await take(endpoint, path)
      try {
        const page = await readOnce(endpoint, path, token, options, permit)
        // Of the grant a token of another making says nothing.
        if (minted) minted.answered(token)
        else tokens.answered(endpoint.slot)
        return page
      }
      catch (error) {
        if (!(error instanceof ProviderError) || error.kind !== 'unauthorized' || others === MOST_TOKENS) throw error
        if (minted) minted.refused(token, error)
        else await tokens.replace(endpoint.slot, token, error)
      }
    }
  }

  /** The permit first: waiting for it may take a minute, in which a token ends or is replaced. @throws ProviderError forbidden */
  async function take(endpoint: Endpoint, path: string): Promise<{ token: string, minted: MintedTokens | null, permit: Permit | null }> {
    const minted = endpoint.minted && options.minted?.ready ? options.minted : null
    const label = labelOf(path)
    if (!minted && tokens.token(endpoint.slot) === null) throw new ProviderError('forbidden', label, { missing: `${endpoint.scope} (${endpoint.slot})` })
    const permit = await options.limiter?.permit({ endpoint, path, minted: minted !== null, label, maxWaitMs: policy.maxWaitMs, signal: options.signal }) ?? null
    const token = minted ? await minted.token() : tokens.token(endpoint.slot)
    // None can be made any more, or the grant has lost it meanwhile: both are known from now on.
    return token === null ? take(endpoint, path) : { token, minted, permit }
  }

  /** A page that was there before means a list that never ends, whether it comes under its own address or under ever new ones. */
  async function* pages<T>(endpoint: Endpoint<T>, resource: ResourceDescription): AsyncGenerator<T> {
    const seen = new Set<string>()
    let last: string | undefined
    let repeats = 0
    for (let path: string | null = endpoint.path(resource, facts); path !== null;) {
      const call = labelOf(path)
      if (seen.has(path) || repeats > MOST_REPEATS) throw new ProviderError('unexpected_shape', call, { cause: new Error(`${endpoint.id}: the pages go round in a circle`) })
      if (seen.size >= MOST_PAGES_OF_A_LIST) throw new ProviderError('too_large', call)
      seen.add(path)
      const page: Page<T> | null = await read(endpoint, path)
      if (page === null) return
      yield page.answer
      path = endpoint.paging?.next(page) ?? null
      // Merged alone, a page is its list without the cursor.
      const listed = endpoint.paging && path !== null ? JSON.stringify(endpoint.paging.merge([page.answer])) : undefined
      repeats = listed !== undefined && listed === last ? repeats + 1 : 0
      last = listed
    }
  }

  return {
    facts,
    pages: (endpoint, resource = nowhere) => pages(endpoint, resource),
    async get<T>(endpoint: Endpoint<T>, resource: ResourceDescription = nowhere) {
      const all: T[] = []
      for await (const page of pages(endpoint, resource)) {
        if (!endpoint.paging) return page
        all.push(page)
        if (all.length > (endpoint.paging.most ?? MOST_PAGES)) throw new ProviderError('too_large', labelOf(endpoint.path(resource, facts)))
      }
      return all.length > 0 && endpoint.paging ? endpoint.paging.merge(all) : null
    },
  }
}
