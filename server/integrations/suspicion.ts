/**
 * Which providers answer at all, as far as this process has seen: after a few failures in a row, one attempt at a time, further
 * and further apart, until one succeeds.
 */
const SUSPECT_AFTER = 3
const FIRST_PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 5 * 60_000

interface State { failures: number, running: number, pausedUntil: number }

export class Suspicion {
  private readonly states = new Map<string, State>()

  private of(id: string): State {
    const state = this.states.get(id) ?? { failures: 0, running: 0, pausedUntil: 0 }
    this.states.set(id, state)
    return state
  }

  /** Providers that may be called as often as there is room, and those that may be tried once. */
  admit(ids: readonly string[], now = Date.now()): { trusted: string[], onTrial: string[] } {
    const suspects = ids.filter(id => this.of(id).failures >= SUSPECT_AFTER)
    return {
      trusted: ids.filter(id => !suspects.includes(id)),
      onTrial: suspects.filter(id => this.of(id).running === 0 && this.of(id).pausedUntil <= now),
    }
  }

  /** Attempts under way. */
  running(id: string): number {
    return this.of(id).running
  }

  began(id: string): void {
    this.of(id).running++
  }

  /** @param answered the provider said something about the grant, good or bad; null: it was not asked */
  ended(id: string, answered: boolean | null, now = Date.now()): void {
    const state = this.of(id)
    state.running--
    if (answered === null) return
    state.failures = answered ? 0 : state.failures + 1
    const pause = FIRST_PAUSE_MS * 2 ** Math.min(Math.max(state.failures - SUSPECT_AFTER, 0), 10)
    state.pausedUntil = answered || state.failures < SUSPECT_AFTER ? 0 : now + Math.min(pause, LONGEST_PAUSE_MS)
  }
}
