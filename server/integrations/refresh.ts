/**
 * One refresh per credential, across all processes and machines.
 *
 * Providers rotate refresh tokens and treat a second use of one as theft (RFC 6819 section 5.2.2.3), so two refreshers
 * at once end the connection. One at a time: a lease in the row, by the database's clock. It covers reading, the wait for a
 * turn, and from the moment of sending the call and the storing; the store is a compare-and-swap on `version`. Whoever
 * does not get the lease waits for the result of the one who did, and uses it.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError, type OAuthError } from '#server/errors'
import { LEASE_SECONDS, release, toBegun, type Begun } from './begun'
import { CredentialError } from './credential-error'
import { refuseWhenClosing } from './in-flight'
import { redeem, type OpenSecrets } from './redeem'
import { Overtaken } from './refresh-errors'
import { readRow, type IntegrationRow } from './row'
import { MAIN_SLOT } from './token-config'
import { keyForEncrypting } from './vault'

const POLL_MS = 100
/** Longer than the longest lease (./begun.ts): a holder that died is outlived. */
export const PATIENCE_MS = 200_000

/** One refresh per credential in this process; the others get its result. */
const running = new Map<string, Promise<IntegrationRow>>()

/**
 * @param seen the row with the credential that is no longer good enough
 * @param open from the credential room, which alone opens what is encrypted
 * @returns the row with a newer credential, whoever refreshed it
 * @throws CredentialError, EncryptionError, Closing, AppError not_found (removed meanwhile)
 */
export function refresh(seen: IntegrationRow, open: OpenSecrets, slot: string = MAIN_SLOT): Promise<IntegrationRow> {
  const key = `${seen.id} ${slot} ${seen.version}`
  const known = running.get(key)
  if (known) return known
  const attempt = refreshOnce(seen, open, slot).finally(() => running.delete(key))
  running.set(key, attempt)
  return attempt
}

async function refreshOnce(seen: IntegrationRow, open: OpenSecrets, slot: string): Promise<IntegrationRow> {
  const owner = randomUUID()
  const deadline = Date.now() + PATIENCE_MS
  for (;;) {
    refuseWhenClosing()
    const answer = unwrap(await askAgain(() => serviceClient().rpc('begin_refresh', {
      p_id: seen.id, p_owner: owner, p_seconds: LEASE_SECONDS, p_slot: slot, p_seen_version: seen.version, p_seen_failed_at: (seen.lastError?.at ?? null) as string,
    })))
    if (answer === null) throw new AppError('not_found')
    const begun = toBegun(answer, owner, slot)
    if (begun.outcome === 'newer') return begun.row
    if (begun.outcome === 'failed') throw new CredentialError(failureOf(begun.row.lastError?.class), begun.row.lastError?.code ?? 'unknown')
    if (begun.outcome === 'mine' && begun.reserved && await redeemed(begun, open)) return readRow(seen.id)
    if (begun.outcome === 'mine' && !begun.reserved) {
      await release(begun)
      await keyForEncrypting(seen.organizationId, 1)
    }
    if (Date.now() > deadline) throw new CredentialError('passing', 'refresh_busy')
    await delay(POLL_MS)
  }
}

/** False: the row is another's by now, so that the next look tells what there is. */
async function redeemed(begun: Begun, open: OpenSecrets): Promise<boolean> {
  try {
    await redeem(begun, open)
    return true
  }
  catch (error) {
    if (error instanceof Overtaken) return false
    throw error
  }
}

function failureOf(text: string | undefined): OAuthError['failure'] {
  return text === 'dead_grant' || text === 'our_application' ? text : 'passing'
}
