/**
 * Redeems one refresh token, with the lease and a journal row in hand, and stores what comes of it.
 *
 * THE GAP  Between the provider's answer and its place in the row lies one encryption and one statement. A process that dies
 *          there, or a database that stays away for longer than the process lives, loses a pair that the provider has
 *          already put in place of the old one. Nothing can close that gap; the journal makes it visible: the row that
 *          says `sent` has no result, and the next refresher knows that its token may be spent. It tries once more (many
 *          providers forgive that), and then asks for a reconnect that says why.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { auditRow, type AuditAction } from '#server/audit'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError, OAuthError } from '#server/errors'
import { refreshGrant } from '#server/oauth/refresh'
import { EncryptionError, type DataKey } from '#server/utils/encryption'
import { log } from '#server/utils/log'
import { countRefresh, timeRefresh } from '#server/utils/metrics'
import type { Begun } from './begun'
import { clientFor } from './client'
import { CredentialError } from './credential-error'
import type { Leave } from './lanes'
import { failureOf, neverSent, retryAt, sentenceOf } from './refresh-policy'
import type { IntegrationRow } from './row'
import { MAIN_SLOT, nextRefresh, slotConfig, slotField } from './token-config'
import { currentKey, keyForEncrypting, sealTokens } from './vault'

/** A row's config with its secrets in the clear. */
export type OpenSecrets = (row: IntegrationRow) => Promise<Record<string, unknown>>

/** Milliseconds: giving up on an answer may cost the connection. */
const ANSWER_MS = 30_000
/** Milliseconds for which an answer that could not be stored is tried again. */
const STORE_PATIENCE_MS = 120_000
/**
 * Seconds. It covers the wait for a turn, the call, and some of the patience with a database that does not take the answer: who
 * took over meanwhile would send a refresh token that is spent. Not all of it, since after a crash everybody waits for its end;
 * a database that is away gives nobody else the lease either, and an answer that comes late is stored if the version stands.
 */
export const LEASE_SECONDS = 90
/** Milliseconds: who waited longer for a turn at the provider sends nothing, and leaves it to the next run. */
const TURN_PATIENCE_MS = 40_000
/** Attempts whose process ended without a result, after which no further one is made. */
const UNCERTAIN_LIMIT = 2

/** The lanes were full for too long: nothing was sent. */
export class TurnMissed extends Error {
  override name = 'TurnMissed'
}

const inFlight = new Set<Promise<unknown>>()

/** Waits for what is being redeemed now, at most `timeoutMs`: a process that ends must not drop an answer. */
export async function redeemsSettled(timeoutMs: number): Promise<void> {
  const late = new AbortController()
  await Promise.race([Promise.allSettled(inFlight), delay(timeoutMs, null, { signal: late.signal }).catch(() => null)])
  late.abort()
}

/**
 * @param enter waits until the provider may be called; gives what is to be called when it has answered
 * @throws CredentialError with what was recorded; EncryptionError when the token, or the key for the next one, can't be
 *   opened, and what `enter` throws: nothing was sent then, and nothing is recorded against the connection
 */
export function redeem(begun: Begun, open: OpenSecrets, enter: () => Promise<Leave> = async () => () => {}): Promise<void> {
  const attempt = redeemOnce(begun, open, enter).finally(() => inFlight.delete(attempt))
  inFlight.add(attempt)
  return attempt
}

async function redeemOnce(begun: Begun, open: OpenSecrets, enter: () => Promise<Leave>): Promise<void> {
  const { row, slot } = begun
  let plain: Record<string, unknown>
  let key: DataKey
  let leave: Leave
  try {
    plain = await open(row)
    key = await currentKey(row.keys, row.organizationId)
    leave = await enterInTime(enter)
  }
  catch (error) {
    // In one statement: a key that is away does not come back by asking for it at once.
    await release(begun, error instanceof EncryptionError ? retryAt('our_application', 0, new Date()) : null)
    throw error
  }

  const stop = timeRefresh(row.connector.id)
  const now = new Date()
  let renewed: Record<string, unknown>
  try {
    if (begun.uncertain >= UNCERTAIN_LIMIT) throw new OAuthError('dead_grant', 'answer_lost')
    const refreshToken = plain[slotField(slot, 'refresh_token')]
    if (!begun.journalId || typeof refreshToken !== 'string') throw new OAuthError('dead_grant', 'expired_without_refresh_token')
    const tokens = await refreshGrant(clientFor(row.connector, row.sandbox), refreshToken, { policy: { timeoutMs: ANSWER_MS } })
    const known = plain[slotField(slot, 'expires_in')]
    renewed = slotConfig(slot, tokens, typeof known === 'number' ? known : null, now)
  }
  catch (error) {
    leave(failureOf(error) !== 'passing')
    throw await recordFailure(begun, error)
  }
  finally {
    stop()
  }
  leave(true)
  await store(begun, { ...secretsOf(row, plain), ...renewed }, { ...plain, ...renewed }, key, now)
}

/** The lease must outlast the call. @throws TurnMissed */
async function enterInTime(enter: () => Promise<Leave>): Promise<Leave> {
  const asked = Date.now()
  const leave = await enter()
  if (Date.now() - asked <= TURN_PATIENCE_MS) return leave
  leave(false)
  throw new TurnMissed()
}

/** Every secret of the row is sealed anew, because all are bound to its version. */
function secretsOf(row: IntegrationRow, plain: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(row.connector.secrets.filter(field => plain[field] !== undefined).map(field => [field, plain[field]]))
}

async function store(begun: Begun, fields: Record<string, unknown>, whole: Record<string, unknown>, firstKey: DataKey, now: Date): Promise<void> {
  const { row, owner, slot } = begun
  const next = nextRefresh(whole, slotsOf(row), now)
  const deadline = Date.now() + STORE_PATIENCE_MS
  let key = firstKey
  for (let wait = 100; ; wait = Math.min(wait * 2, 1_000)) {
    try {
      const outcome = unwrap(await serviceClient().rpc('finish_refresh', {
        p_id: row.id, p_owner: owner, p_journal_id: begun.journalId as string, p_version: row.version,
        p_config: sealTokens(fields, { ...row, version: row.version + 1 }, row.connector, key) as Json,
        p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
        p_audit: entry(begun, 'credential.refreshed', slot === MAIN_SLOT ? {} : { slot }),
      }))
      if (outcome !== 'key_gone') countRefresh(row.connector.id, outcome === 'superseded' ? 'lost' : 'refreshed')
      if (outcome === 'superseded') log.warn('a newer credential was stored while this one was being refreshed', { integration_id: row.id })
      if (outcome !== 'key_gone') return
      key = await keyForEncrypting(row.organizationId, row.connector.secrets.length)
    }
    catch (error) {
      // The database's own refusal will not change; its absence may.
      if (Date.now() > deadline || (error instanceof AppError && ['invalid_request', 'forbidden'].includes(error.code))) {
        log.error('a renewed credential could not be stored: its answer is lost', { integration_id: row.id, error })
        throw error
      }
      log.warn('a renewed credential could not be stored yet', { integration_id: row.id, error })
      await delay(wait)
    }
  }
}

export function slotsOf(row: Pick<IntegrationRow, 'connector'>): string[] {
  return [MAIN_SLOT, ...row.connector.authorization.slots ?? []]
}

async function recordFailure(begun: Begun, error: unknown): Promise<CredentialError> {
  const { row, owner, slot } = begun
  const main = slot === MAIN_SLOT
  const failure = failureOf(error)
  // Whatever the provider calls it: it took the token when the answer to an earlier attempt was lost.
  const lost = failure === 'dead_grant' && (begun.maybeSpent || begun.uncertain > 0)
  const code = lost ? 'answer_lost' : error instanceof OAuthError ? error.oauthError : error instanceof AppError ? error.code : 'internal'
  if (failure !== 'dead_grant') log.error('credential refresh failed', { integration_id: row.id, failure, code, error })
  countRefresh(row.connector.id, failure === 'passing' && !neverSent(error) ? 'uncertain' : failure)
  const now = new Date()
  const next = nextAfterFailure(begun, retryAt(failure, row.refreshFailures, now, error), now)
  unwrap(await serviceClient().rpc('fail_refresh', {
    // Without a further token the connection still works.
    p_id: row.id, p_owner: owner, p_journal_id: begun.journalId as string, p_version: row.version, p_dead: main && failure === 'dead_grant',
    p_error: { class: failure, code, message: sentenceOf(failure, lost, main), at: now.toISOString(), ...(main ? {} : { slot }) },
    p_maybe_spent: failure === 'passing' && !neverSent(error),
    p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
    p_audit: entry(begun, 'credential.refresh_failed', { class: failure, code, ...(main ? {} : { slot }) }),
  }))
  return new CredentialError(failure, code, { cause: error })
}

/** The main token goes first: a further one that fails must not hold it up. */
function nextAfterFailure({ row, slot }: Begun, retry: Date, now: Date): { slot: string, dueAt: string } {
  const again = { slot, dueAt: retry.toISOString() }
  if (slot === MAIN_SLOT) return again
  const main = nextRefresh(row.config, [MAIN_SLOT], now)
  return main.dueAt < again.dueAt ? main : again
}

function entry({ row }: Begun, action: AuditAction, detail: Record<string, string>): Json {
  return auditRow({ actor: { type: 'system', id: null, email: null }, action, target: { type: 'integration', id: row.id }, detail })
}

/** Nothing was sent: the lease and the journal row go. @param dueAt when to look again; default: as it was */
export async function release({ row, owner, journalId }: Pick<Begun, 'owner' | 'journalId'> & { row: { id: string } }, dueAt: Date | null = null): Promise<void> {
  unwrap(await serviceClient().rpc('release_refresh', {
    p_id: row.id, p_owner: owner, p_journal_id: journalId as string, p_refresh_due_at: (dueAt?.toISOString() ?? null) as string,
  }))
}
