/**
 * What is not stored yet. Resources begin in the order of their ids and end in any; those at the front that are done are
 * stored in half portions, with the id of the last as the cursor, while work goes on behind them. No more than a portion is
 * ever begun and not stored: that is what a worker that dies costs its successor, and all that is kept in memory.
 */
import type { Target } from './targets'

export interface Result { resource_id: string, check_id: string, verdict: string, severity: string, category: string, summary: string, evidence: object, checked_at: string }

/** A resource that was begun: how many of its steps are not done yet, and what the others said. */
export interface Entry { target: Target, left: number, results: Result[] }

export type Store = (results: Result[], cursor: string) => Promise<void>

export class Ledger {
  private readonly entries: Entry[] = []
  private beingStored = 0
  private storing: Promise<void> = Promise.resolve()
  private ended = false
  private wake = Promise.withResolvers<undefined>()

  /** @param store whose failure ends the work @param portion resources, at least 2 */
  constructor(private readonly store: Store, private readonly portion: number) {}

  /** Begins a resource as soon as there is room for it. Null: the work has ended. */
  async begin(target: Target, steps: number): Promise<Entry | null> {
    while (!this.ended && this.entries.length + this.beingStored >= this.portion) await this.wake.promise
    if (this.ended) return null
    const entry = { target, left: steps, results: [] }
    this.entries.push(entry)
    if (steps === 0) await this.advance(this.portion / 2)
    return entry
  }

  /** One more of its steps is done. Null: it has no result. */
  async add(entry: Entry, result: Result | null): Promise<void> {
    if (result) entry.results.push(result)
    entry.left--
    if (entry.left === 0) await this.advance(this.portion / 2)
  }

  /** Nothing more begins; who waits for room is told. */
  stop(): void {
    this.ended = true
    this.wake.resolve(undefined)
  }

  /** Stores what is done up to the first resource that is not. */
  async settle(): Promise<void> {
    this.stop()
    await this.advance(1)
    await this.storing
  }

  private async advance(least: number): Promise<void> {
    const undone = this.entries.findIndex(entry => entry.left > 0)
    const ready = undone < 0 ? this.entries.length : undone
    if (ready < least) return
    const done = this.entries.splice(0, ready)
    const cursor = done.at(-1)?.target.id
    if (cursor === undefined) return
    this.beingStored += ready
    this.storing = this.storing.then(() => this.store(done.flatMap(entry => entry.results), cursor))
    try {
      await this.storing
    }
    catch (error) {
      this.stop()
      throw error
    }
    this.beingStored -= ready
    this.wake.resolve(undefined)
    this.wake = Promise.withResolvers<undefined>()
  }
}
