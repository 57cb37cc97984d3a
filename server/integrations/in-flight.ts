/** What is being redeemed in this process, which must not end before the answers are stored. */
import { setTimeout as delay } from 'node:timers/promises'
import { Closing } from './refresh-errors'

const inFlight = new Set<Promise<unknown>>()
let closing = false

/** From now on nothing is begun: what is under way ends, and others may do the rest. */
export function closeRefreshes(): void {
  closing = true
}

/** @throws Closing */
export function refuseWhenClosing(): void {
  if (closing) throw new Closing()
}

export function tracked<T>(begin: () => Promise<T>): Promise<T> {
  const attempt = begin().finally(() => inFlight.delete(attempt))
  inFlight.add(attempt)
  return attempt
}

/** Waits for what is being redeemed now, at most `timeoutMs`. @returns whether all of it has ended */
export async function redeemsSettled(timeoutMs: number): Promise<boolean> {
  const late = new AbortController()
  const settled = await Promise.race([
    Promise.allSettled(inFlight).then(() => true),
    delay(timeoutMs, false, { signal: late.signal }).catch(() => false),
  ])
  late.abort()
  return settled
}
