import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { log } from '#server/utils/log'

const RENEW_MS = 10_000
const REPORT_MS = 500

/**
 * A worker's hold on an assessment: renewed while it works, lost when the assessment is removed or another worker took
 * over (this one having been silent for too long). Its signal says so.
 */
export class Lease {
  static readonly seconds = 30
  private readonly lost = new AbortController()
  readonly signal: AbortSignal
  private done = 0
  private total = 0
  private reported = Date.now()
  private running: Promise<void> = Promise.resolve()
  private readonly heartbeat: ReturnType<typeof setInterval>
  private later: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly assessmentId: string, private readonly owner: string, outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.lost.signal])
    this.heartbeat = setInterval(() => this.report(), RENEW_MS)
    this.heartbeat.unref()
  }

  /** Notes progress; written at most twice a second, first and last steps at once. */
  progress(done: number, total: number): void {
    Object.assign(this, { done, total })
    const wait = this.reported + REPORT_MS - Date.now()
    if (done === 0 || done === total || wait <= 0) this.report()
    else this.later ??= setTimeout(() => this.report(), wait)
  }

  private report(): void {
    clearTimeout(this.later)
    this.later = undefined
    this.reported = Date.now()
    const { done, total } = this
    this.running = this.running.then(async () => {
      if (this.lost.signal.aborted) return
      try {
        const held = unwrap(await serviceClient().rpc('report_progress', { ...this.key, p_done: done, p_total: total, p_seconds: Lease.seconds }))
        if (!held) this.lost.abort()
      }
      catch (error) {
        // Not a reason to stop: if it lasts, the lease runs out and the last write is refused.
        log.warn('progress could not be written', { assessment_id: this.assessmentId, error })
      }
    })
  }

  private get key() {
    return { p_id: this.assessmentId, p_owner: this.owner }
  }

  /** Stores everything, its audit entry with it, and ends the assessment. False: it was no longer this worker's, nothing was stored. */
  async complete(results: object[], audit: Json): Promise<boolean> {
    await this.running
    return unwrap(await serviceClient().rpc('complete_assessment', { ...this.key, p_results: results as Json, p_audit: audit }))
  }

  async fail(error: { code: string, message: string }, audit: Json): Promise<boolean> {
    await this.running
    return unwrap(await serviceClient().rpc('fail_assessment', { ...this.key, p_error: error, p_audit: audit }))
  }

  /** Back to the queue, for another worker. */
  async release(): Promise<void> {
    await this.running
    unwrap(await serviceClient().rpc('release_assessment', this.key))
  }

  stop(): void {
    clearInterval(this.heartbeat)
    clearTimeout(this.later)
  }
}
