import { z } from 'zod'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { log } from '#server/utils/log'
import type { Result } from './ledger'

const RENEW_MS = 10_000
const REPORT_MS = 500

/** An assessment as its worker gets it. */
export interface Claimed {
  id: string
  integration_id: string
  organization_id: string
  resource_cursor: string | null
  /** The list of resources was made already. */
  listed: boolean
  progress_done: number
  progress_total: number
  /** Seconds that it may still be paused. */
  pause_left: number
}

export interface Notice { [key: string]: string, code: string, message: string }

/**
 * A worker's hold on an assessment: renewed while it works, lost when the assessment is removed or another worker took
 * over (this one having been silent for too long). Its signal says so.
 */
export class Lease {
  static readonly seconds = 30
  private readonly lost = new AbortController()
  readonly signal: AbortSignal
  /** The last resource, by id, up to which everything is stored; null: none. */
  cursor: string | null
  /** Results that are stored. */
  stored: number
  private done: number
  private total: number
  private reported = Date.now()
  private running: Promise<void> = Promise.resolve()
  private readonly heartbeat: ReturnType<typeof setInterval>
  private later: ReturnType<typeof setTimeout> | undefined

  constructor(private readonly claimed: Claimed, private readonly owner: string, outer: AbortSignal) {
    this.cursor = claimed.resource_cursor
    this.stored = this.done = claimed.progress_done
    this.total = claimed.progress_total
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
        log.warn('progress could not be written', { assessment_id: this.claimed.id, error })
      }
    })
  }

  private get key() {
    return { p_id: this.claimed.id, p_owner: this.owner }
  }

  /**
   * Stores all results up to this resource, and that they are. Once, however often the database has to be asked.
   * @throws the signal's reason when the assessment is no longer this worker's
   */
  async store(results: readonly Result[], cursor: string): Promise<void> {
    await this.running
    this.hold(unwrap(await askAgain(() => serviceClient().rpc('store_results', {
      ...this.key, p_results: results as unknown as Json, p_cursor: cursor, p_done: this.done, p_total: this.total, p_seconds: Lease.seconds,
    }))))
    this.cursor = cursor
    this.stored += results.length
  }

  /** A page of the list of resources, each once. @throws as `store` */
  async storeListed(resources: readonly object[]): Promise<void> {
    await this.running
    this.hold(unwrap(await askAgain(() => serviceClient().rpc('store_listed', { ...this.key, p_resources: resources as Json, p_seconds: Lease.seconds }))))
  }

  /**
   * The list is whole. `partly`: of some kinds it named none where there were some; `empty`: of all. Those are kept as they were, and
   * the assessment says so, with the kinds in place of `{kinds}`. @throws as `store`
   */
  async endListing(notices: { empty: Notice, partly: Notice }): Promise<'listed' | 'partly' | 'empty'> {
    await this.running
    const outcome = unwrap(await askAgain(() => serviceClient().rpc('end_listing', { ...this.key, p_notices: notices })))
    this.hold(outcome !== null)
    return z.enum(['listed', 'partly', 'empty']).parse(outcome)
  }

  /** What a person has to know of this assessment beside its results. @throws as `store` */
  async note(notice: Notice): Promise<void> {
    await this.running
    this.hold(unwrap(await askAgain(() => serviceClient().rpc('note_assessment', { ...this.key, p_notice: notice }))))
  }

  private hold(held: boolean): void {
    if (!held) this.lost.abort()
    this.signal.throwIfAborted()
  }

  /** Makes findings, counts and score of what is stored, with the audit entry, and ends the assessment. False: it was no longer this worker's. */
  async complete(audit: Json): Promise<boolean> {
    await this.running
    return unwrap(await askAgain(() => serviceClient().rpc('complete_assessment', { ...this.key, p_audit: audit })))
  }

  /** Lets go of it; another worker goes on after so many seconds. 0: at once. */
  async pause(seconds: number): Promise<boolean> {
    await this.running
    return unwrap(await askAgain(() => serviceClient().rpc('pause_assessment', { ...this.key, p_seconds: seconds })))
  }

  async fail(error: { code: string, message: string }, audit: Json): Promise<boolean> {
    await this.running
    return unwrap(await askAgain(() => serviceClient().rpc('fail_assessment', { ...this.key, p_error: error, p_audit: audit })))
  }

  /** Back to the queue, for another worker. */
  async release(): Promise<void> {
    await this.running
    unwrap(await askAgain(() => serviceClient().rpc('release_assessment', this.key)))
  }

  stop(): void {
    clearInterval(this.heartbeat)
    clearTimeout(this.later)
  }
}
