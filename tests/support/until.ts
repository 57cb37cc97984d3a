/** Waiting in tests: for a state, never for a time. */
import { setTimeout as delay } from 'node:timers/promises'

export interface UntilOptions {
  /** Default 30 000: only a failure waits that long, and CI's machine has other work too. */
  timeoutMs?: number
  /** Default 25. */
  intervalMs?: number
  /** Stands in the failure, after "Waited ... for". */
  what?: string
}

/**
 * Asks again and again until the answer is neither null, undefined nor false, and returns it. An attempt that throws
 * counts as "not yet": its error is the cause of the failure at the deadline.
 */
export async function until<T>(
  ask: () => T | Promise<T>,
  { timeoutMs = 30_000, intervalMs = 25, what = 'a state that did not come' }: UntilOptions = {},
): Promise<Exclude<T, null | undefined | false>> {
  const deadline = Date.now() + timeoutMs
  let cause: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== undefined && answer !== false) return answer as Exclude<T, null | undefined | false>
      cause = undefined
    }
    catch (error) {
      cause = error
    }
    if (Date.now() >= deadline) throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause })
    await delay(intervalMs)
  }
}
