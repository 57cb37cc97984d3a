/** A call that is tried again where that makes sense. */
import { setTimeout as wait } from 'node:timers/promises'
import { LONGEST_WAIT_SECONDS, ProviderError } from '#server/errors'

export interface RetryPolicy {
  /** Calls made at most for one page. */
  attempts: number
  /** The first backoff in milliseconds; each further one is twice as long. */
  backoffMs: number
  /** A longer wait than this, asked for by the provider or by the limiter, is left to the caller. Milliseconds. */
  maxWaitMs: number
}
export const retryPolicy: RetryPolicy = { attempts: 3, backoffMs: 500, maxWaitMs: LONGEST_WAIT_SECONDS * 1000 }

export interface Waiting {
  signal?: AbortSignal
  /** For tests. */
  sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<unknown>
  /** For tests: 0 to 1. */
  random?: () => number
}

/** Milliseconds until the next attempt, or null when another one makes no sense. `attempt` counts from 1. */
function delayAfter(error: ProviderError, attempt: number, timeouts: number, policy: RetryPolicy, random: () => number): number | null {
  // Equal jitter: at least half of the backoff, so that a herd spreads and nobody hammers.
  const backoff = policy.backoffMs * 2 ** (attempt - 1) * (0.5 + random() / 2)
  switch (error.kind) {
    case 'timeout': return timeouts > 1 ? null : backoff
    case 'unreachable': return backoff
    case 'server_error':
    case 'rate_limited': {
      const asked = (error.options.retryAfterSeconds ?? 0) * 1000
      return asked > policy.maxWaitMs ? null : Math.max(asked, backoff)
    }
    default: return null
  }
}

/** Up to three times after network faults, 429 and 5xx, and twice after a timeout. @throws what the last attempt threw */
export async function insist<T>(call: () => Promise<T>, policy: RetryPolicy, { signal, random = Math.random, sleep = (milliseconds, stop) => wait(milliseconds, undefined, { signal: stop }) }: Waiting = {}): Promise<T> {
  let timeouts = 0
  for (let attempt = 1; ; attempt += 1) {
    try { return await call() }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      if (error.kind === 'timeout') timeouts += 1
      const delay = attempt < policy.attempts ? delayAfter(error, attempt, timeouts, policy, random) : null
      if (delay === null) throw error
      await sleep(delay, signal)
    }
  }
}
