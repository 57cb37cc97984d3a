/**
 * The end of connections that nobody confirmed. Whoever ends one marks it closed first, so that nobody confirms what is being
 * revoked; the row goes when the grant is gone, with the audit entry that says so. What a crash or a provider that is away
 * leaves behind, `retention:prune` finishes.
 */
import { auditRow, byUser, type AuditActor, type RequestInfo } from '#server/audit'
import { findConnector } from '#server/connectors/registry'
import type { Caller } from '#server/database/caller'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'
import { AppError } from '#server/errors'
import type { EndGrantOptions } from '#server/oauth/revoke'
import { log } from '#server/utils/log'
import { isoTime } from '#server/utils/time'
import { openPending, pendingColumns, type PendingRow } from './pending'
import { draftReceipt } from './receipt'
import { endTokens, summaryOf, type EndedTokens, type TokenOutcome } from './revocation'
import { secretsIn } from './token-config'

/** A grant that can't be ended is tried again for as long after it has expired. */
const GIVE_UP_MS = 24 * 3600 * 1000
/** Milliseconds for all of one run: what is left then comes up in the next one. */
const RUN_MS = 120_000
/** Something else may begin or cease to rest on the account in between. */
const ROUNDS = 5
const system: AuditActor = { type: 'system', id: null, email: null }

interface End {
  reason: 'cancelled' | 'expired' | 'organization_deleted'
  actor: AuditActor
  from?: RequestInfo
  /** Whether this was the last try: the row goes even when the grant could not be ended. */
  last?: boolean
  receipt?: (tokens: TokenOutcome[]) => Promise<Json>
  options?: EndGrantOptions
}

/** The person does not want it. A provider that does not play along is asked again later. @throws AppError not_found, audit_unavailable */
export async function cancelConnection(actor: Caller, id: string, from: RequestInfo): Promise<void> {
  const closed = unwrap(await serviceClient().rpc('close_connection', {
    p_id: id, p_organization_id: actor.organizationId, p_user_id: actor.userId,
    p_audit: auditRow({ actor: byUser(actor), action: 'connection.cancelled', target: { type: 'connection', id }, from }),
  }))
  if (!closed) throw new AppError('not_found')
  const [row] = unwrap(await serviceClient().from('pending_connections').select(pendingColumns).eq('id', id))
  if (row) await tryToEnd(row, { reason: 'cancelled', actor: byUser(actor), from })
}

/**
 * Ends what nobody answered, and what could not be ended when it was cancelled.
 * @returns how many are gone
 */
export async function pruneConnections(now = new Date()): Promise<number> {
  const service = serviceClient()
  unwrap(await service.from('pending_connections').update({ closed_at: now.toISOString() })
    .lt('expires_at', now.toISOString()).is('closed_at', null).select('id'))
  const closed = unwrap(await service.from('pending_connections').select(pendingColumns).not('closed_at', 'is', null).order('expires_at').limit(200))
  const deadline = Date.now() + RUN_MS
  let gone = 0
  for (const row of closed) {
    if (Date.now() >= deadline) break
    const cancelled = row.closed_at !== null && Date.parse(row.closed_at) < Date.parse(row.expires_at)
    const last = now.getTime() - Date.parse(row.expires_at) >= GIVE_UP_MS
    if (await tryToEnd(row, { reason: cancelled ? 'cancelled' : 'expired', actor: system, last, options: { deadline } })) gone++
  }
  return gone
}

/** From now on nobody confirms what waits in an organization that is about to be deleted, and nothing rests on it. */
export async function closeConnections(organizationId: string): Promise<void> {
  unwrap(await serviceClient().from('pending_connections').update({ closed_at: new Date().toISOString() })
    .eq('organization_id', organizationId).is('closed_at', null).select('id'))
}

/**
 * Ends all that waits in an organization, with a receipt for each: nobody will be told later of a grant that is left.
 * @returns how many are gone
 * @throws AppError unavailable, audit_unavailable
 */
export async function endConnections(owner: Caller, from: RequestInfo, options: EndGrantOptions = {}): Promise<number> {
  await closeConnections(owner.organizationId)
  const rows = unwrap(await serviceClient().from('pending_connections').select(pendingColumns).eq('organization_id', owner.organizationId).order('id').limit(1_000))
  let gone = 0
  for (const row of rows) {
    const requestedAt = new Date()
    const receipt = (tokens: TokenOutcome[]) => draftReceipt(owner, { ...row, name: `${row.external_account_name} (never confirmed)`, created_at: isoTime(row.created_at) }, requestedAt, tokens)
    if (await endOne(row, { reason: 'organization_deleted', actor: byUser(owner), from, last: true, receipt, options })) gone++
  }
  return gone
}

/** One that does not end must not stop the others: it comes up again. */
async function tryToEnd(row: PendingRow, end: End): Promise<boolean> {
  try {
    return await endOne(row, end)
  }
  catch (error) {
    log.warn('the grant of a connection that was not confirmed could not be ended', { connection_id: row.id, error })
    return false
  }
}

/** @returns whether the row is gone, by this call */
async function endOne(row: PendingRow, end: End): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++) {
    const { tokens, left } = await endGrantOf(row, end)
    const revocation = summaryOf(tokens)
    if (revocation === 'failed' && !end.last) return false
    const outcome = unwrap(await serviceClient().rpc('end_connection', {
      p_id: row.id, p_left: left,
      p_audit: auditRow({
        actor: end.actor, action: 'connection.ended', from: end.from,
        target: row.wanted_integration_id ? { type: 'integration', id: row.wanted_integration_id } : undefined,
        detail: {
          integration_type: row.integration_type, account: row.external_account_id, connection_id: row.id, reason: end.reason,
          // Something else rests on the account, and the provider would have ended that, too.
          revocation: left ? 'kept' : revocation,
        },
      }),
      ...(end.receipt ? { p_receipt: await end.receipt(tokens) } : {}),
    }))
    if (outcome !== 'last') return outcome === 'ended'
  }
  return false
}

function endGrantOf(row: PendingRow, { actor, from, options }: End): Promise<EndedTokens> {
  const connector = findConnector(row.integration_type)
  return endTokens(connector && { connector, accountId: row.external_account_id, sandbox: row.sandbox, connectionId: row.id }, {
    table: 'pending_connections',
    id: row.id,
    open: async end => end(secretsIn(connector ? await openPending(connector, row, { purpose: 'revoke', actor, from }) : {}, connector?.authorization.slots ?? [])),
  }, options)
}
