import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '#server/errors'
import { log } from '#server/utils/log'

/** Milliseconds for which what a provider has said is tried to be written. The lease covers it, see ./begun.ts. */
export const STORE_PATIENCE_MS = 120_000

/**
 * Writes what must not be lost because a database is away for a moment.
 * @param what for the log
 * @param write may be called again after it has failed, also where it has done its work and nobody was told
 * @throws at once what the database refuses; what it failed with last, when the patience has ended
 */
export async function untilWritten<T>(integrationId: string, what: string, write: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STORE_PATIENCE_MS
  for (let wait = 100; ; wait = Math.min(wait * 2, 1_000)) {
    try {
      return await write()
    }
    catch (error) {
      // The database's own refusal will not change; its absence may.
      if (Date.now() > deadline || (error instanceof AppError && ['invalid_request', 'forbidden'].includes(error.code))) {
        log.error(`${what} could not be written`, { integration_id: integrationId, error })
        throw error
      }
      log.warn(`${what} could not be written yet`, { integration_id: integrationId, error })
      await delay(wait)
    }
  }
}
