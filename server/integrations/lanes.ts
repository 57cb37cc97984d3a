/** So many at once, in the order in which they came. */
export class Lanes {
  private free: number
  private readonly waiting: { enter: () => void, turnAway: (reason: unknown) => void }[] = []

  /** @param signal once aborted, nobody enters any more */
  constructor(count: number, private readonly signal: AbortSignal) {
    this.free = count
    signal.addEventListener('abort', () => {
      for (const one of this.waiting.splice(0)) one.turnAway(signal.reason)
    }, { once: true })
  }

  /** @returns to be called at the end, once @throws the signal's reason */
  async enter(): Promise<() => void> {
    this.signal.throwIfAborted()
    if (this.free > 0) this.free--
    else await new Promise<void>((enter, turnAway) => this.waiting.push({ enter, turnAway }))
    return () => {
      const next = this.waiting.shift()
      if (next) next.enter()
      else this.free++
    }
  }
}
