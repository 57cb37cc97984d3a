/** What this process knows of a bucket, and the permits that it holds. Times are milliseconds of `performance.now()`. */
import type { Bucket } from './bucket'
import type { Answer, Note } from './permits'
import type { Reading } from './reading'

/** A 429 that names no time. */
const UNNAMED_BLOCK_S = 5
/** Readings of windows that end further apart than this are of two windows. */
const SAME_WINDOW_MS = 2_000

/** Of one bucket, whoever's permits they are. */
export class BucketState {
  /** Held here and not used yet, by all organizations. */
  unused = 0
  private blockedUntil = 0
  /** The last answer of the newest window: that with the fewest calls remaining, as answers overtake each other. `left`: for others. */
  private said: (Reading & { left: number, resetsAt: number }) | null = null
  private untold = false

  constructor(readonly bucket: Bucket) {}

  /** Milliseconds until the provider takes calls again, as far as is known here. */
  blockedFor(now: number): number {
    return Math.max(0, this.blockedUntil - now)
  }

  /** The same when there is nobody to ask: also while the window has nothing left. */
  closedFor(now: number): number {
    const empty = this.said?.remaining === 0 ? this.said.resetsAt - now : 0
    return Math.max(this.blockedFor(now), empty, 0)
  }

  /** Calls that the provider has left, by its last answer; at least one, as it is known not to be closed. */
  lastKnownLeft(now: number): number {
    return this.said && this.said.resetsAt > now ? Math.max(1, this.said.remaining) : Number.POSITIVE_INFINITY
  }

  /** The unused permits are of the same window, and were not counted yet. */
  read(reading: Reading, now: number): void {
    const said = { ...reading, left: reading.remaining - this.unused, resetsAt: now + reading.resetsIn * 1000 }
    const known = this.said
    const older = known && said.resetsAt < known.resetsAt - SAME_WINDOW_MS
    const overtaken = known && said.resetsAt <= known.resetsAt + SAME_WINDOW_MS && said.remaining > known.remaining
    if (older || overtaken) return
    this.said = said
    this.untold = true
  }

  /** @returns what to tell all others at once */
  block(seconds: number = UNNAMED_BLOCK_S, now: number): Note {
    this.blockedUntil = Math.max(this.blockedUntil, now + seconds * 1000)
    return { ...this.untoldNote(now), blocked_for: seconds }
  }

  /** What was said since this was asked last. */
  untoldNote(now: number): Note | null {
    const said = this.untold ? this.said : null
    this.untold = false
    const resetsIn = said ? (said.resetsAt - now) / 1000 : 0
    return said && resetsIn > 0 ? { limit: said.limit, remaining: Math.max(0, said.left), resets_in: resetsIn } : null
  }

  /** Whether it may be forgotten: it holds nothing, and knows nothing that keeps calls back. */
  idle(now: number): boolean {
    return this.unused === 0 && !this.untold && this.closedFor(now) === 0
  }
}

/** Permits without asking again grow from 1 to an eighth of the window, and to this at most; while nobody knows the limit, to 10. */
const LARGEST_BATCH = 50
const LARGEST_UNKNOWN = 10
/** Calls of a window: below, nothing is borrowed. As the migration has it. */
const SMALL = 50
/** Milliseconds between two asks of one that is busy. */
const BUSY_MS = 2_000

/** One organization's permits of one bucket. */
export class Allotment {
  /** Callers that wait for one. */
  waiting = 0
  /** An ask that is under way; the milliseconds to wait, 0 when there may be permits now. */
  asking: Promise<number> | null = null
  usedAt = 0
  private left = 0
  private window: number | null = null
  private endsAt = 0
  private calls: number | null = null
  private batch = 1
  private askedAt = Number.NEGATIVE_INFINITY
  private emptyUntil = 0
  private spent = 0

  constructor(readonly state: BucketState, readonly organizationId: string, readonly person: boolean) {}

  /** Whether there was one. */
  take(now: number): boolean {
    if (now >= this.endsAt) this.lose()
    if (this.left === 0) return false
    this.left -= 1
    this.state.unused -= 1
    this.usedAt = now
    return true
  }

  /** The first call, without asking. Whether it may: it was not made yet, and there is no permit to be had here. */
  borrow(now: number): boolean {
    const { calls } = this.state.bucket.window
    if (this.window !== null || this.spent > 0 || (calls !== null && calls < SMALL)) return false
    this.spent = 1
    this.usedAt = now
    return true
  }

  /** What was borrowed since this was asked last. */
  untoldSpent(): number {
    const { spent } = this
    this.spent = 0
    return spent
  }

  /** Milliseconds for which it was told that asking makes no sense. */
  emptyFor(now: number): number {
    return Math.max(0, this.emptyUntil - now)
  }

  /** Whether to ask for more already, so that nobody has to wait for it. */
  isLow(now: number): boolean {
    return this.batch > 1 && this.left <= this.batch / 4 && this.emptyFor(now) === 0
  }

  /** How many to ask for. */
  want(now: number): number {
    const largest = this.calls === null ? LARGEST_UNKNOWN : Math.min(LARGEST_BATCH, Math.max(1, Math.floor(this.calls / 8)))
    this.batch = now - this.askedAt < BUSY_MS ? Math.min(this.batch * 2, largest) : 1
    this.askedAt = now
    return Math.max(this.waiting, this.batch - this.left)
  }

  /** @param askedAt when the answer was asked for: its seconds count from there, so that no permit outlives its window */
  hold({ granted, window, lasts, wait, calls }: Answer, askedAt: number): number {
    if (window !== this.window) this.lose()
    this.window = window
    this.endsAt = askedAt + lasts * 1000
    this.calls = calls
    this.add(granted)
    this.emptyUntil = granted === 0 && wait > 0 ? askedAt + wait * 1000 : 0
    return wait * 1000
  }

  /**
   * The database is away: permits that nobody gave, for those who wait, as far as the provider's last answer allows.
   * @returns milliseconds to wait
   */
  trust(now: number): number {
    const wait = this.state.closedFor(now)
    if (wait > 0) return wait
    this.lose()
    this.window = null
    this.endsAt = now + BUSY_MS
    this.add(Math.min(this.waiting, this.state.lastKnownLeft(now)))
    return 0
  }

  /** Gives up what is left. */
  giveBack(): { returned: number, window: number | null } {
    const returned = this.left
    this.lose()
    return { returned, window: this.window }
  }

  private add(count: number): void {
    this.left += count
    this.state.unused += count
  }

  private lose(): void {
    this.state.unused -= this.left
    this.left = 0
  }
}
