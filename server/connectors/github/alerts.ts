import type { Evaluation, Evidence } from '../contract'
import { fail, pass, plural, unverified } from '../verdict'
import { ALERTS_PER_PAGE } from './endpoints'

interface Alert { number: number, state?: string | null }

interface Question<A> {
  /** Whether there may be further alerts that were not read. */
  more: boolean
  /** Whether an alert counts; undefined: not said. */
  severe: (alert: A) => boolean | undefined
  /** `leaked secret is`, `leaked secrets are`. */
  words: readonly [one: string, many: string]
  passed: string
  describe: (open: readonly A[]) => Evidence
}

/**
 * The verdict over alerts that were asked for as open. What is not said of one to be another state or severity counts as
 * unread: a server may have left the filter out.
 */
export function judgeAlerts<A extends Alert>(alerts: readonly A[], { more, severe, words: [one, many], passed, describe }: Question<A>): Evaluation {
  const open = alerts.filter(alert => alert.state === 'open' && severe(alert) === true)
  const unread = alerts.filter(alert => !alert.state || (alert.state === 'open' && severe(alert) === undefined)).length
  const evidence = { open: open.length, ...(more && { more_pages: true }), alerts: open.slice(0, 20).map(alert => alert.number), ...describe(open) }
  if (open.length > 0) return fail(`${more ? 'At least ' : ''}${plural(open.length, one, many)} open.`, evidence)
  if (unread > 0) return unverified(`GitHub did not say of ${plural(unread, 'alert')} what it is about.`, evidence)
  // Full, and nothing that counts: the next page may hold some.
  return more ? unverified('GitHub listed more alerts than one page holds, and none of those that were asked for.', evidence) : pass(passed, evidence)
}

/** Whether one page, of which no more was read, was full. */
export function isFull(page: readonly unknown[]): boolean {
  return page.length >= ALERTS_PER_PAGE
}
