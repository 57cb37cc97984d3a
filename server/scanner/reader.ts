/** The provider's API as one scan sees it: each answer asked for once, and a limit that is used up ends the work for now. */
import type { ApiReader, Endpoint, ResourceDescription } from '#server/connectors/contract'
import { LONGEST_WAIT_SECONDS, ProviderError } from '#server/errors'
import { turnstile } from './limit'

/** The provider wants to be left alone for longer than a call waits: nothing is wrong, the scan goes on afterwards. */
export class LimitReached extends Error {
  override name = 'LimitReached'
  constructor(readonly seconds: number, cause: ProviderError) {
    super(`The provider asks to come back in ${seconds} s`, { cause })
  }
}

export interface ScanReader extends ApiReader {
  /** A resource is done: what was answered of it alone is let go. */
  forget: (resource: ResourceDescription) => void
}

/** Makes at most so many calls at once. */
export function unhurriedReader(api: ApiReader, most: number): ApiReader {
  const inTurn = turnstile(most)
  return { ...api, get: (endpoint, resource) => inTurn(() => api.get(endpoint, resource)) }
}

/** Makes each call once per resource, or once for all that share it, however many checks ask for it. */
export function sharedReader(api: ApiReader): ScanReader {
  const shared = new Map<string, Promise<unknown>>()
  const ofResource = new Map<string, Map<string, Promise<unknown>>>()

  function callsOf(resource: ResourceDescription | undefined): Map<string, Promise<unknown>> {
    const id = resource?.externalId ?? ''
    const calls = ofResource.get(id) ?? new Map<string, Promise<unknown>>()
    ofResource.set(id, calls)
    return calls
  }

  return {
    facts: api.facts,
    pages: (endpoint, resource) => api.pages(endpoint, resource),
    get<T>(endpoint: Endpoint<T>, resource?: ResourceDescription): Promise<T | null> {
      const by = resource && endpoint.sharedBy?.(resource, api.facts)
      const calls = by === undefined ? callsOf(resource) : shared
      const key = by === undefined ? endpoint.id : `${endpoint.id} ${by}`
      const known = calls.get(key)
      // The same endpoint has the same schema, hence the same type.
      if (known) return known as Promise<T | null>
      const asked = api.get(endpoint, resource)
      calls.set(key, asked)
      // One bad moment is not to cost every further resource its verdict.
      if (by !== undefined) asked.catch(() => shared.delete(key))
      return asked
    },
    forget: resource => void ofResource.delete(resource.externalId),
  }
}

/**
 * @param pauseLeft seconds that the scan may still pause: a limit that lasts longer is told as it is, and nothing more is asked
 * @returns a reader that throws LimitReached in place of a ProviderError `rate_limited` with a longer wait than a call has
 */
export function pausingReader(api: ApiReader, pauseLeft: number): ApiReader {
  let over: ProviderError | null = null
  function told(error: unknown): unknown {
    if (!(error instanceof ProviderError) || error.kind !== 'rate_limited') return error
    const seconds = Math.ceil(error.options.retryAfterSeconds ?? 0)
    if (seconds <= LONGEST_WAIT_SECONDS) return error
    if (seconds <= pauseLeft) return new LimitReached(seconds, error)
    return over = error
  }
  return {
    facts: api.facts,
    async get(endpoint, resource) {
      if (over) throw over
      try {
        return await api.get(endpoint, resource)
      }
      catch (error) {
        throw told(error)
      }
    },
    async* pages(endpoint, resource) {
      if (over) throw over
      try {
        yield* api.pages(endpoint, resource)
      }
      catch (error) {
        throw told(error)
      }
    },
  }
}

/** Answers everything with this error. */
export function refusingReader(error: ProviderError): ApiReader {
  return { facts: {}, get: () => Promise.reject(error), pages: () => { throw error } }
}
