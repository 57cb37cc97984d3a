/**
 * The calls that this process makes, within what all processes may make together (see the migration, rate_limits). Permits are
 * taken in batches and given back when nobody has used them for a moment. When the database is away, calls go on with
 * what is known here: the provider's own 429 is the last word.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { ProviderError } from '#server/errors'
import type { CallLimiter, LimitedCall, Permit } from '#server/oauth/limiter'
import { log } from '#server/utils/log'
import { Allotment, BucketState } from './allotment'
import { bucketOf, type Bucket, type Caller, type Grant } from './bucket'
import type { Answer, Ask, Note, PermitStore } from './permits'
import { readRate } from './reading'

/** For whom calls are made. `person`: somebody waits for them, as at connecting. */
export interface CallsOf extends Grant { organizationId: string, person: boolean }

/** Milliseconds after which unused permits go back, and what answers said is told. */
const IDLE_MS = 500
/** Milliseconds for which a database that did not answer is not asked again. */
const AWAY_MS = 5_000
/** Milliseconds for which it is known which buckets are scarce. */
const FRESH_MS = 1_000
/** Milliseconds that a person waits for a permit at most. */
const PERSON_WAIT_MS = 10_000

interface Asking { allotment: Allotment, want: number, answered: (wait: number) => void }

export class Limiter {
  private states = new Map<string, BucketState>()
  private allotments = new Map<string, Allotment>()
  private asks: Asking[] = []
  private scarce: { keys: ReadonlySet<string>, at: number } | null = null
  private awayUntil = 0
  private away = false
  private sweep: NodeJS.Timeout | null = null

  constructor(private readonly store: PermitStore, private readonly now: () => number = () => performance.now()) {}

  /** For a reader of one grant's API. */
  of(caller: Caller, who: CallsOf): CallLimiter {
    return {
      permit: async (call) => {
        const bucket = bucketOf(caller, who, call)
        return bucket && this.permit(this.allotmentOf(bucket, who), call)
      },
    }
  }

  /** Gives back what is held, once: at the end of the process. */
  async close(): Promise<void> {
    if (this.sweep) clearTimeout(this.sweep)
    this.sweep = null
    await this.giveBack([...this.allotments.values()])
  }

  private stateOf(bucket: Bucket): BucketState {
    const state = this.states.get(bucket.key) ?? new BucketState(bucket)
    this.states.set(bucket.key, state)
    this.sweepSoon()
    return state
  }

  private allotmentOf(bucket: Bucket, { organizationId, person }: CallsOf): Allotment {
    const name = `${bucket.key} ${organizationId} ${person}`
    const allotment = this.allotments.get(name) ?? new Allotment(this.stateOf(bucket), organizationId, person)
    this.allotments.set(name, allotment)
    return allotment
  }

  private async permit(allotment: Allotment, { label, maxWaitMs, signal }: LimitedCall): Promise<Permit> {
    const until = this.now() + (allotment.person ? Math.min(maxWaitMs, PERSON_WAIT_MS) : maxWaitMs)
    allotment.waiting += 1
    try {
      for (;;) {
        signal?.throwIfAborted()
        const now = this.now()
        const blocked = allotment.state.blockedFor(now)
        if (blocked === 0 && (allotment.take(now) || this.borrow(allotment, now))) break
        const wait = Math.max(blocked, allotment.emptyFor(now)) || await orAborted(this.ask(allotment), signal)
        if (wait === 0) continue
        if (this.now() + wait > until) throw new ProviderError('rate_limited', label, { retryAfterSeconds: Math.ceil(wait / 1000) })
        await delay(Math.ceil(wait), undefined, { signal }).catch(() => signal?.throwIfAborted())
      }
    }
    finally {
      allotment.waiting -= 1
    }
    if (allotment.isLow(this.now())) void this.ask(allotment)
    return this.permitOf(allotment.state.bucket)
  }

  /** The first call of a bucket that was not scarce a moment ago. */
  private borrow(allotment: Allotment, now: number): boolean {
    const { scarce } = this
    return scarce !== null && now - scarce.at < FRESH_MS && !scarce.keys.has(allotment.state.bucket.key) && allotment.borrow(now)
  }

  /** An answer may come when everything else of its bucket is forgotten. */
  private permitOf(bucket: Bucket): Permit {
    return {
      answered: (headers) => {
        const reading = readRate(headers, bucket.headers)
        if (reading) this.stateOf(bucket).read(reading, this.now())
      },
      refused: seconds => void this.tell([[bucket, this.stateOf(bucket).block(seconds, this.now())]]),
    }
  }

  /** Asks for more permits, unless that is under way. Never rejects. @returns milliseconds to wait, 0: there may be some now */
  private ask(allotment: Allotment): Promise<number> {
    allotment.asking ??= new Promise<number>((answered) => {
      // What begins in one turn of the loop is asked for in one call.
      if (this.asks.length === 0) queueMicrotask(() => void this.askAll(this.asks.splice(0)))
      this.asks.push({ allotment, want: allotment.want(this.now()), answered })
    }).finally(() => { allotment.asking = null })
    return allotment.asking
  }

  private async askAll(asks: Asking[]): Promise<void> {
    const askedAt = this.now()
    const answers = await this.take(asks.map(({ allotment, want }) => this.askOf(allotment, want)))
    asks.forEach(({ allotment, answered }, index) => {
      const answer: Answer | undefined = answers?.[index]
      answered(answer ? allotment.hold(answer, askedAt) : allotment.trust(this.now()))
    })
  }

  private askOf(allotment: Allotment, want: number, back: { returned: number, window: number | null } = { returned: 0, window: null }): Ask {
    const { state, organizationId, person } = allotment
    const { key, window: { calls, seconds } } = state.bucket
    return { key, calls, seconds, organization_id: organizationId, want, ...back, spent: allotment.untoldSpent(), person, note: state.untoldNote(this.now()) }
  }

  /** Null: the database is away. */
  private async take(asks: Ask[]): Promise<Answer[] | null> {
    const at = this.now()
    const taken = await this.reach(() => this.store.take(asks))
    if (taken) this.scarce = taken.scarce && { keys: new Set(taken.scarce), at }
    return taken && taken.answers
  }

  private async tell(said: readonly (readonly [Bucket, Note])[]): Promise<void> {
    if (said.length > 0) await this.reach(() => this.store.note(said.map(([{ key, window }, note]) => ({ key, ...window, note }))))
  }

  /** Null: the database is away. */
  private async reach<T>(call: () => Promise<T>): Promise<T | null> {
    if (this.now() < this.awayUntil) return null
    try {
      const answer = await call()
      if (this.away) log.info('calls to providers are counted with all processes again')
      this.away = false
      return answer
    }
    catch (error) {
      this.awayUntil = this.now() + AWAY_MS
      if (!this.away) log.warn('calls to providers are counted by this process alone: the database did not answer', { error })
      this.away = true
      return null
    }
  }

  private sweepSoon(): void {
    this.sweep ??= setTimeout(() => {
      this.sweep = null
      void this.sweepIdle()
    }, IDLE_MS).unref()
  }

  private async sweepIdle(): Promise<void> {
    const now = this.now()
    const idle = [...this.allotments].filter(([, one]) => one.waiting === 0 && !one.asking && now - one.usedAt > IDLE_MS)
    for (const [name] of idle) this.allotments.delete(name)
    await this.giveBack(idle.map(([, one]) => one))
    for (const [key, state] of this.states) {
      if (state.idle(now) && ![...this.allotments.values()].some(one => one.state === state)) this.states.delete(key)
    }
    if (this.states.size > 0) this.sweepSoon()
  }

  /** And tells what was said of buckets from which nobody here takes any more. */
  private async giveBack(allotments: readonly Allotment[]): Promise<void> {
    const asks = allotments.map(one => this.askOf(one, 0, one.giveBack()))
    if (asks.length > 0) await this.take(asks)
    const taking = new Set([...this.allotments.values()].map(one => one.state))
    await this.tell([...this.states.values()].filter(state => !taking.has(state)).flatMap((state) => {
      const note = state.untoldNote(this.now())
      return note ? [[state.bucket, note] as const] : []
    }))
  }
}

/** @throws the signal's reason; what is under way goes on */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work
  const aborted = Promise.withResolvers<never>()
  const stop = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  }
  finally {
    signal.removeEventListener('abort', stop)
  }
}
