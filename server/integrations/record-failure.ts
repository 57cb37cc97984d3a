import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError, OAuthError } from '#server/errors'
import { log } from '#server/utils/log'
import { countRefresh } from '#server/utils/metrics'
import type { Begun } from './begun'
import { CredentialError } from './credential-error'
import { untilWritten } from './patience'
import { Overtaken } from './refresh-errors'
import { failureOf, neverSent, retryAt, sentenceOf } from './refresh-policy'
import { entryOf } from './store-answer'
import { MAIN_SLOT, nextRefresh } from './token-config'

/**
 * Notes a refresh that brought nothing, with patience: a clear answer that is not written would count as a lost one.
 * @returns what to throw: Overtaken when the row is a newer grant's or another holder's, and this failure says nothing of it
 * @throws what the database fails with, when that lasts
 */
export async function recordFailure(begun: Begun, error: unknown): Promise<CredentialError | Overtaken> {
  const { row, owner, slot } = begun
  const main = slot === MAIN_SLOT
  const failure = failureOf(error)
  const maybeSpent = failure === 'passing' && !neverSent(error)
  // Whatever the provider calls it: it took the token when the answer to an earlier attempt was lost.
  const lost = failure === 'dead_grant' && begun.maybeSpent
  const code = lost ? 'answer_lost' : error instanceof OAuthError ? error.oauthError : error instanceof AppError ? error.code : 'internal'
  if (failure !== 'dead_grant') log.error('credential refresh failed', { integration_id: row.id, failure, code, error })
  countRefresh(row.connector.id, maybeSpent ? 'uncertain' : failure)
  const now = new Date()
  const next = nextAfterFailure(begun, retryAt(failure, row.refreshFailures, now, error), now)
  const written = await untilWritten(row.id, 'a refresh that failed', async () => unwrap(await askAgain(() => serviceClient().rpc('fail_refresh', {
    // Without a further token the connection still works.
    p_id: row.id, p_owner: owner, p_journal_id: begun.journalId as string, p_version: row.version, p_dead: main && failure === 'dead_grant',
    p_error: {
      class: failure, code, message: sentenceOf(failure, lost, main), at: now.toISOString(), ...(main ? {} : { slot }),
      // Where nothing was there to redeem, it was the API that wanted a fresh token, and only it can take that back.
      call: begun.journalId === null ? 'api' : 'refresh',
    },
    p_maybe_spent: maybeSpent, p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
    p_audit: entryOf(row, 'credential.refresh_failed', { class: failure, code, ...(main ? {} : { slot }) }),
  }))))
  return written ? new CredentialError(failure, code, { cause: error }) : new Overtaken()
}

/** The main token goes first: a further one that fails must not hold it up. */
function nextAfterFailure({ row, slot }: Begun, retry: Date, now: Date): { slot: string, dueAt: string } {
  const again = { slot, dueAt: retry.toISOString() }
  if (slot === MAIN_SLOT) return again
  const main = nextRefresh(row.config, [MAIN_SLOT], now)
  return main.dueAt < again.dueAt ? main : again
}
