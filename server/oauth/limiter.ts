/** What a reader asks before each call, so that the provider need not say no. Who counts, and how, is server/limits' affair. */
import type { Endpoint } from '#server/connectors/contract'

export interface LimitedCall {
  endpoint: Pick<Endpoint, 'id' | 'slot'>
  /** Below the API's base, with its query. */
  path: string
  /** With a token that was made for it, see `Minting`. */
  minted: boolean
  /** As errors name it: `GET /v1/projects`. */
  label: string
  /** Milliseconds to wait at most. */
  maxWaitMs: number
  signal?: AbortSignal
}

/** For one call, and used up by it, however it ends. */
export interface Permit {
  /** It was answered, whatever the status. */
  answered: (headers: Headers) => void
  /** The answer was: too many calls. `retryAfterSeconds`: undefined when it did not say for how long. */
  refused: (retryAfterSeconds: number | undefined) => void
}

export interface CallLimiter {
  /**
   * Returns when the call may be made. Null: nobody counts such calls.
   * @throws ProviderError rate_limited with `retryAfterSeconds`, as soon as the wait is known to be longer; the signal's reason
   */
  permit: (call: LimitedCall) => Promise<Permit | null>
}
