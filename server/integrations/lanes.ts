/**
 * Calls to providers, so many at once, in the order in which they came. Some lanes are kept from those that have not answered
 * lately: however many of their calls hang, the others go on.
 */
const LATELY_MS = 5_000

/** @param answered the provider did, whatever it said */
export type Leave = (answered: boolean) => void

interface Caller { inside: number, answeredAt: number }
interface Waiting { id: string, enter: () => void, turnAway: (reason: unknown) => void }

export class Lanes {
  private readonly callers = new Map<string, Caller>()
  private waiting: Waiting[] = []
  /** Of all lanes, those that silent ones may take. */
  private readonly forSilent: number

  /** @param signal once aborted, nobody enters any more; it outlives these lanes, so close them */
  constructor(private readonly count: number, private readonly signal: AbortSignal, private readonly now = () => performance.now()) {
    this.forSilent = Math.max(1, Math.ceil(count * 3 / 4))
    signal.addEventListener('abort', this.turnAllAway, { once: true })
  }

  private readonly turnAllAway = () => {
    for (const one of this.waiting.splice(0)) one.turnAway(this.signal.reason)
  }

  /** @param id the provider's @returns to be called at the end, once @throws the signal's reason */
  async enter(id: string): Promise<Leave> {
    this.signal.throwIfAborted()
    if (this.waiting.some(one => one.id === id) || !this.admits(id)) {
      await new Promise<void>((enter, turnAway) => this.waiting.push({ id, enter, turnAway }))
    }
    else this.of(id).inside++
    return (answered) => {
      const caller = this.of(id)
      caller.inside--
      if (answered) caller.answeredAt = this.now()
      this.letIn()
    }
  }

  close(): void {
    this.signal.removeEventListener('abort', this.turnAllAway)
  }

  private of(id: string): Caller {
    const caller = this.callers.get(id) ?? { inside: 0, answeredAt: Number.NEGATIVE_INFINITY }
    this.callers.set(id, caller)
    return caller
  }

  private silent(caller: Caller): boolean {
    return this.now() - caller.answeredAt > LATELY_MS
  }

  private admits(id: string): boolean {
    const all = [...this.callers.values()]
    const sum = (some: Caller[]) => some.reduce((total, caller) => total + caller.inside, 0)
    if (sum(all) >= this.count) return false
    const caller = this.of(id)
    // A first call is how anybody comes to answer.
    return caller.inside === 0 || !this.silent(caller) || sum(all.filter(other => this.silent(other))) < this.forSilent
  }

  private letIn(): void {
    this.waiting = this.waiting.filter((one) => {
      if (!this.admits(one.id)) return true
      this.of(one.id).inside++
      one.enter()
      return false
    })
  }
}
