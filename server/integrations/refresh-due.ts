/**
 * Keeps credentials alive: refreshes what is due, and tries tokens that never expire with one cheap call a day.
 *
 * As many calls at once as there are lanes, whatever is due: after an outage everything is due, and the provider must not be
 * run over. More rows than that are in hand, so that nobody waits for the database between two calls. A provider that keeps
 * failing gets one attempt at a time, further and further apart, until one succeeds: its time limits must not take the lanes
 * from the others.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { allConnectors } from '#server/connectors/registry'
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import { log } from '#server/utils/log'
import { noteDisabled, noteSuccess } from './api-verdict'
import { LEASE_SECONDS, release, toBegun, type Begun } from './begun'
import { CredentialError } from './credential-error'
import { openConfig, withApi } from './credentials'
import { Lanes } from './lanes'
import { redeem } from './redeem'
import { Closing, Overtaken, TurnMissed } from './refresh-errors'
import { retryAt, sentences } from './refresh-policy'
import { lookAt } from './role-trust'
import { isRefused, readRow, slotsOf, type IntegrationRow } from './row'
import { Suspicion } from './suspicion'
import { endsWithin, nextRefresh, REFRESH_AHEAD_MS, slotField } from './token-config'
import { keyForEncrypting } from './vault'

/** Calls to providers at once, in this process. */
export const REFRESH_LANES = 8
/** Rows in hand for each lane: one at the provider, one on its way from or to the database. */
export const ROWS_PER_LANE = 2
/** A run ends after this long, and the next minute's takes what is left. */
const BUDGET_MS = 10 * 60_000

export interface RefreshRun { refreshed: number, probed: number, failed: number, postponed: number }

const suspicion = new Suspicion()

/** @param signal aborted at shutdown: what is under way ends, nothing new is begun */
export async function refreshDue(signal: AbortSignal, lanes: number = REFRESH_LANES): Promise<RefreshRun> {
  const done: RefreshRun = { refreshed: 0, probed: 0, failed: 0, postponed: 0 }
  const until = Date.now() + BUDGET_MS
  const turns = new Lanes(lanes, signal)
  const rows = lanes * ROWS_PER_LANE
  const running = new Set<Promise<void>>()
  try {
    for (;;) {
      const open = !signal.aborted && Date.now() < until
      const claimed = open ? await claim(rows - running.size) : []
      for (const begun of claimed) {
        const attempt: Promise<void> = keepAlive(begun, turns, signal).then(what => void done[what]++).finally(() => running.delete(attempt))
        running.add(attempt)
      }
      if (running.size === 0) return done
      // An empty queue waits for whatever comes of the last ones; a full house until there is room for a few.
      if (claimed.length === 0) await Promise.race(running)
      while (running.size > rows - lanes / 2) await Promise.race(running)
    }
  }
  finally {
    // Also when the database went away in between: the answers that are under way are waited for.
    await Promise.all(running)
    turns.close()
  }
}

async function claim(free: number): Promise<Begun[]> {
  // One for each claim: a row that comes again in the same run is another attempt's.
  const owner = randomUUID()
  const { trusted, onTrial } = suspicion.admit(allConnectors().map(connector => connector.id))
  const claimed: Begun[] = []
  for (const { types, limit } of [{ types: trusted, limit: free }, ...onTrial.map(id => ({ types: [id], limit: 1 }))]) {
    if (types.length === 0 || claimed.length + limit > free) continue
    const answers: unknown[] = unwrap(await askAgain(() => serviceClient().rpc('lease_due_refreshes', {
      p_owner: owner, p_limit: limit, p_seconds: LEASE_SECONDS, p_types: types, p_running: types.map(id => suspicion.running(id)), p_now: new Date().toISOString(),
    })))
    for (const answer of answers) claimed.push(...await readClaim(answer, owner))
  }
  for (const { row } of claimed) suspicion.began(row.connector.id)
  return claimed
}

/** One row that can't be read must not stop the others, nor come first for ever. */
async function readClaim(answer: unknown, owner: string): Promise<Begun[]> {
  try {
    return [toBegun(answer, owner)]
  }
  catch (error) {
    const { row, journal_id: journalId } = z.object({ row: z.object({ id: z.string() }), journal_id: z.string().nullish().default(null) }).parse(answer)
    log.error('an integration\'s row could not be read', { integration_id: row.id, error })
    await release({ row, owner, journalId }, retryAt('our_application', 0, new Date()))
    return []
  }
}

/** Never rejects. */
async function keepAlive(begun: Begun, turns: Lanes, signal: AbortSignal): Promise<keyof RefreshRun> {
  let answered: boolean | null = true
  try {
    if (!begun.reserved) {
      await release(begun, soon())
      await keyForEncrypting(begun.row.organizationId, 1)
      return 'postponed'
    }
    if (renewable(begun)) {
      await redeem(begun, openConfig, () => turns.enter(begun.row.connector.id))
      // A renewal is no answer to a refusal by the API: one call decides.
      if (isRefused(begun.row)) await probe(await readRow(begun.row.id), turns, signal, true)
      return 'refreshed'
    }
    // The lease goes first, for the refresh that a 401 asks for; if this process dies, the next look is soon.
    await release(begun, soon())
    await probe(begun.row, turns, signal)
    return 'probed'
  }
  catch (error) {
    answered = error instanceof CredentialError ? error.failure === 'dead_grant' || isWord(error.code) : null
    if (error instanceof CredentialError) return 'failed'
    if (error instanceof TurnMissed || error instanceof Overtaken || error instanceof Closing || (signal.aborted && error === signal.reason)) return 'postponed'
    // Neither the provider's nor the grant's doing: a key that is away, a database that is. It stays as it is.
    log.error('a credential could not be kept alive', { integration_id: begun.row.id, error })
    return 'postponed'
  }
  finally {
    suspicion.ended(begun.row.connector.id, answered)
  }
}

/** A provider's word about this one grant, which says nothing of the others': it answers. */
function isWord(code: string): code is 'role_refused' | 'account_missing' {
  return code === 'role_refused' || code === 'account_missing'
}

/** A token that ends soon and that a refresh token can replace, or whose last attempts were lost. */
function renewable({ row, slot, journalId, uncertain }: Begun): boolean {
  const expiresAt = row.config[slotField(slot, 'expires_at')]
  const ends = typeof expiresAt === 'string' && endsWithin(expiresAt, 2 * REFRESH_AHEAD_MS, new Date())
  return uncertain > 0 || (journalId !== null && ends)
}

/** The API took the token and refused something else. */
const livingKinds: readonly ProviderErrorKind[] = ['forbidden', 'not_found', 'payment_required', 'limited', 'refused', 'unexpected_shape', 'account_ambiguous']

/** One cheap call: it shows whether the token is alive. A 401 forces a refresh, as everywhere, unless it is fresh. */
async function probe(row: IntegrationRow, turns: Lanes, signal: AbortSignal, fresh = false): Promise<void> {
  const leave = await turns.enter(row.connector.id)
  const now = new Date()
  let reached = true
  try {
    const use = { integrationId: row.id, purpose: 'probe', actor: { type: 'system', id: null, email: null } } as const
    await withApi(use, signal, api => lookAt(row.connector, api), fresh)
    await notePassed(row, now)
  }
  catch (error) {
    // What the renewal that a 401 forced brought is written already.
    if (!(error instanceof ProviderError)) throw error
    if (error.kind === 'installation_disabled') {
      await noteDisabled(row, error)
      return await notePassed(row, now)
    }
    if (livingKinds.includes(error.kind)) {
      await noteSuccess(row, now)
      return await notePassed(row, now)
    }
    reached = isWord(error.kind)
    await noteUnreached(row, error.kind, now)
    throw new CredentialError('passing', error.kind, { cause: error })
  }
  finally {
    leave(reached)
  }
}

async function notePassed(row: IntegrationRow, now: Date): Promise<void> {
  const next = nextRefresh(row.config, slotsOf(row), now)
  unwrap(await askAgain(() => serviceClient().rpc('note_probe', {
    p_id: row.id, p_version: row.version, p_error: null, p_failed: false, p_refresh_due_at: next.dueAt, p_refresh_slot: next.slot,
  })))
}

async function noteUnreached(row: IntegrationRow, code: string, now: Date): Promise<void> {
  unwrap(await askAgain(() => serviceClient().rpc('note_probe', {
    p_id: row.id, p_version: row.version, p_failed: true, p_refresh_slot: row.refreshSlot,
    p_error: { class: 'passing', code, call: 'api', message: sentences[isWord(code) ? code : 'unprobed'], at: now.toISOString() },
    p_refresh_due_at: retryAt('passing', row.refreshFailures, now).toISOString(),
  })))
}

function soon(): Date {
  return new Date(Date.now() + 5 * 60_000)
}
