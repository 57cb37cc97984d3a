/**
 * Redeems one refresh token, with the lease and a journal row in hand, and stores what comes of it.
 *
 * THE GAP  Between the provider's answer and its place in the row lies one encryption and one statement. A process that dies
 *          there, or a database that stays away for longer than the process lives, loses a pair that the provider has
 *          already put in place of the old one. Nothing can close that gap; the journal makes it visible: the row that
 *          says `sent` has no result, and the next refresher knows that its token may be spent. It tries once more (many
 *          providers forgive that), and then asks for a reconnect that says why. What never got as far as `sent` was never
 *          sent, and counts for nothing.
 */
import { OAuthError } from '#server/errors'
import type { OAuthClient } from '#server/oauth/client'
import { refreshGrant } from '#server/oauth/refresh'
import { EncryptionError, type DataKey } from '#server/utils/encryption'
import { timeRefresh } from '#server/utils/metrics'
import { release, send, type Begun } from './begun'
import { clientFor } from './client'
import { refuseWhenClosing, tracked } from './in-flight'
import type { Leave } from './lanes'
import { untilWritten } from './patience'
import { recordFailure } from './record-failure'
import { Overtaken, TurnMissed } from './refresh-errors'
import { failureOf, retryAt } from './refresh-policy'
import type { IntegrationRow } from './row'
import { storeAnswer, type Answer } from './store-answer'
import { slotConfig, slotField } from './token-config'
import { currentKey } from './vault'

type Fields = Record<string, unknown>
/** A row's config with its secrets in the clear. */
export type OpenSecrets = (row: IntegrationRow) => Promise<Fields>
/** Waits until the provider may be called; gives what is to be called when it has answered. */
export type Enter = () => Promise<Leave>

/** Milliseconds: giving up on an answer may cost the connection. */
export const ANSWER_MS = 30_000
/** Milliseconds: who waited longer for a turn at the provider sends nothing, and leaves it to the next run. */
export const TURN_PATIENCE_MS = 40_000
/** Attempts whose process ended without a result, after which it is the end until somebody looks again. */
const UNCERTAIN_LIMIT = 2

/**
 * @throws CredentialError with what was recorded; Overtaken when the row is not this refresh's any more: look at it again.
 *   EncryptionError when the token, or the key for the next one, can't be opened, TurnMissed, Closing, and what `enter`
 *   throws: nothing was sent then, and nothing is recorded against the connection
 */
export function redeem(begun: Begun, open: OpenSecrets, enter: Enter = async () => () => {}): Promise<void> {
  return tracked(() => redeemOnce(begun, open, enter))
}

async function redeemOnce(begun: Begun, open: OpenSecrets, enter: Enter): Promise<void> {
  const stop = timeRefresh(begun.row.connector.id)
  try {
    const { plain, key } = await prepare(begun, open)
    const { client, refreshToken } = await orRecord(begun, async () => requestFor(begun, plain))
    const leave = await enterToSend(begun, enter)
    const answer = await orRecord(begun, () => ask(client, refreshToken, begun.slot, plain, leave))
    await storeAnswer(begun, answer, key)
  }
  finally {
    stop()
  }
}

/** @throws what was recorded of the failure */
async function orRecord<T>(begun: Begun, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  }
  catch (error) {
    throw await recordFailure(begun, error)
  }
}

async function prepare(begun: Begun, open: OpenSecrets): Promise<{ plain: Fields, key: DataKey }> {
  const { row } = begun
  try {
    refuseWhenClosing()
    return { plain: await open(row), key: await currentKey(row.keys, row.organizationId) }
  }
  catch (error) {
    // In one statement: a key that is away does not come back by asking for it at once.
    await release(begun, error instanceof EncryptionError ? retryAt('our_application', 0, new Date()) : null)
    throw error
  }
}

/** @throws OAuthError, AppError not_configured: there is nothing to send */
function requestFor({ row, slot, journalId, uncertain }: Begun, plain: Fields): { client: OAuthClient, refreshToken: string } {
  if (uncertain >= UNCERTAIN_LIMIT) throw new OAuthError('dead_grant', 'answer_lost')
  const refreshToken = plain[slotField(slot, 'refresh_token')]
  if (!journalId || typeof refreshToken !== 'string') throw new OAuthError('dead_grant', 'expired_without_refresh_token')
  return { client: clientFor(row.connector, row.sandbox), refreshToken }
}

async function ask(client: OAuthClient, refreshToken: string, slot: string, plain: Fields, leave: Leave): Promise<Answer> {
  const at = new Date()
  try {
    const tokens = await refreshGrant(client, refreshToken, { policy: { timeoutMs: ANSWER_MS } })
    leave(true)
    const known = plain[slotField(slot, 'expires_in')]
    return { tokens, renewed: slotConfig(slot, tokens, typeof known === 'number' ? known : null, at), plain, at }
  }
  catch (error) {
    leave(failureOf(error) !== 'passing')
    throw error
  }
}

/** Inside the lane, right before the call: from here on it counts as sent. @throws TurnMissed, Overtaken, Closing */
async function enterToSend(begun: Begun, enter: Enter): Promise<Leave> {
  let leave: Leave | null = null
  try {
    const asked = Date.now()
    leave = await enter()
    if (Date.now() - asked > TURN_PATIENCE_MS) throw new TurnMissed()
    refuseWhenClosing()
    if (!await send(begun)) throw new Overtaken()
    return leave
  }
  catch (error) {
    leave?.(false)
    // The journal may say `sent` by now, and it was not: that has to be taken back.
    await untilWritten(begun.row.id, 'that nothing was sent', () => release(begun))
    throw error
  }
}
