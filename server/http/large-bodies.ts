/**
 * Bodies that are larger than what everybody may send: a few at once, so that what strangers send does not fill the memory. The
 * others are left on their connections at the point where they became large, and a sender that does not go on in time loses its
 * turn. A body is held about twice: in pieces, and whole.
 */
import { AppError } from '#server/errors'
import { tooLarge } from './body'

export interface LargeBodiesOptions {
  /** Bytes. More is large. */
  from: number
  /** How many there are at once, in this process. */
  atOnce: number
  /** Milliseconds in which a body that has become large has to have its turn and be here. */
  patienceMs: number
}

export class LargeBodies {
  private taken = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly options: LargeBodiesOptions) {}

  /**
   * Reads a body as it came and hands it to `use`; until that is done a large one keeps its turn.
   * @param limit in bytes
   * @throws AppError body_too_large (counted while it arrives), unavailable (not in time); whatever `use` throws
   */
  async read<T>(pieces: AsyncIterable<Buffer>, limit: number, use: (body: Buffer) => Promise<T>): Promise<T> {
    const chunks: Buffer[] = []
    const source = pieces[Symbol.asyncIterator]()
    let size = 0
    let turn: Turn | null = null
    try {
      for (;;) {
        const next = await (turn ? turn.inTime(source.next()) : source.next())
        if (next.done) break
        size += next.value.length
        if (size > limit) throw tooLarge(limit)
        if (size > this.options.from && !turn) {
          turn = new Turn(this.options.patienceMs)
          await this.enter(turn)
        }
        chunks.push(next.value)
      }
      turn?.arrived()
      return await use(Buffer.concat(chunks.splice(0)))
    }
    finally {
      turn?.arrived()
      if (turn?.held) this.leave()
      // Not waited for: a sender that stands still would be, too.
      source.return?.().catch(() => {})
    }
  }

  private async enter(turn: Turn): Promise<void> {
    if (this.taken < this.options.atOnce) {
      this.taken += 1
      turn.held = true
      return
    }
    const called = Promise.withResolvers<null>()
    const call = () => {
      turn.held = true
      called.resolve(null)
    }
    this.waiting.push(call)
    try {
      await turn.inTime(called.promise)
    }
    finally {
      const at = this.waiting.indexOf(call)
      if (at >= 0) this.waiting.splice(at, 1)
    }
  }

  /** Whoever waits has the place at once, so that nobody who comes now takes it. */
  private leave(): void {
    const next = this.waiting.shift()
    if (next) next()
    else this.taken -= 1
  }
}

class Turn {
  held = false
  private readonly late = Promise.withResolvers<never>()
  private readonly timer: NodeJS.Timeout

  constructor(patienceMs: number) {
    this.late.promise.catch(() => {})
    const refusal = new AppError('unavailable', 'A body of this size has to arrive sooner, or cannot be taken at the moment.', { headers: { connection: 'close' } })
    this.timer = setTimeout(() => this.late.reject(refusal), patienceMs)
  }

  /** What is late goes on by itself, and nobody looks at it any more. */
  inTime<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.late.promise])
  }

  arrived(): void {
    clearTimeout(this.timer)
  }
}
