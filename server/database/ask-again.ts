import { setTimeout as delay } from 'node:timers/promises'
import type { PostgrestError, PostgrestSingleResponse } from '@supabase/supabase-js'

/** deadlock_detected and serialization_failure: Postgres ended the transaction for another one's sake, and nothing of it stays. */
const clashes = ['40P01', '40001']
/** The same where Supabase Lite has put a code of its own in place of Postgres'. */
const clashMessage = /deadlock detected|could not serialize access/
const ATTEMPTS = 5
/** Milliseconds at most before the second attempt; doubled each time. */
const PAUSE_MS = 20

/**
 * Asks again, a few times, where Postgres ended a call in favour of another. Our functions lock in one order
 * (supabase/migrations, …_lock_order_kept.sql); what an operator does by hand, and what cascades, may cross it.
 */
export async function askAgain<T>(ask: () => PromiseLike<PostgrestSingleResponse<T>>): Promise<PostgrestSingleResponse<T>> {
  for (let attempt = 1; ; attempt++) {
    const answer = await ask()
    if (!answer.error || !isClash(answer.error) || attempt === ATTEMPTS) return answer
    await delay(PAUSE_MS * 2 ** (attempt - 1) * Math.random())
  }
}

function isClash({ code, message }: PostgrestError): boolean {
  return clashes.includes(code) || clashMessage.test(message)
}
