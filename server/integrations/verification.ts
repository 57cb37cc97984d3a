import process from 'node:process'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'

/** After a start, what was due meanwhile is looked at first: an installation that was off for two days has no news of any connection. */
const CATCH_UP_SECONDS = 15 * 60

/**
 * Healthy rows whose last success is too old become `unknown`, which is an alert.
 * @param upSeconds how long this process has been running
 * @returns how many
 */
export async function markUnverified(upSeconds = process.uptime()): Promise<number> {
  return upSeconds < CATCH_UP_SECONDS ? 0 : unwrap(await serviceClient().rpc('mark_unverified'))
}
