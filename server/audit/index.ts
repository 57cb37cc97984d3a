/**
 * The append-only log: who did what, to what, when, from where. Written with the service role, so that nobody can write
 * a line in somebody else's name through the data API; read with the reader's own.
 */
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { Json } from '#server/database/types'
import { log } from '#server/utils/log'

/** Where a request came from. */
export interface RequestInfo { ip: string, userAgent: string | null, requestId: string }

export const auditActions = [
  'account.created', 'session.signed_in', 'session.refused', 'session.signed_out', 'password.reset',
  'organization.created', 'organization.deleted', 'member.changed', 'member.removed',
  'invitation.created', 'invitation.withdrawn', 'invitation.accepted',
  'integration.connected', 'integration.reconnected', 'integration.refused', 'integration.changed', 'integration.removed',
  'integration.ended', 'integration.suspended', 'integration.resumed', 'integration.permissions_changed',
  'connection.held', 'connection.cancelled', 'connection.ended',
  'resource.changed', 'resources.changed', 'credential.used', 'credential.refreshed', 'credential.refresh_failed', 'credential.refused',
  'calendar.created', 'calendar.revoked', 'key.replaced', 'key.rewrapped', 'key.dropped',
  'scan.requested', 'scan.completed', 'scan.failed', 'access.denied', 'audit.verified', 'audit.exported',
] as const
export type AuditAction = (typeof auditActions)[number]

export interface AuditActor { type: 'user' | 'worker' | 'system', id: string | null, email: string | null }

export interface AuditEntry {
  /** Null: before it is known whose it is. */
  organizationId: string | null
  actor: AuditActor
  action: AuditAction
  target?: { type: string, id: string }
  /** Facts for a reader; never a credential. */
  detail?: Json
  from?: RequestInfo
}

/** A signed-in person as the actor of an entry. */
export function byUser(who: { userId: string, email: string }): AuditActor {
  return { type: 'user', id: who.userId, email: who.email }
}

/** Where a request came from, as the database's functions take it. */
export function requestRow(from?: RequestInfo) {
  return { ip: from?.ip ?? null, user_agent: from?.userAgent ?? null, request_id: from?.requestId ?? null }
}

/** An entry as the database's functions write it, in the same statement as the deed. */
export function auditRow(entry: Omit<AuditEntry, 'organizationId'>) {
  return {
    actor_type: entry.actor.type,
    actor_id: entry.actor.id,
    actor_email: entry.actor.email,
    action: entry.action,
    target_type: entry.target?.type ?? null,
    target_id: entry.target?.id ?? null,
    detail: entry.detail ?? {},
    ...requestRow(entry.from),
  }
}

/**
 * Before a deed that is no statement of ours (a session, a password): no entry, no deed.
 * @throws AppError audit_unavailable
 */
export async function recordAudit(entry: AuditEntry): Promise<void> {
  try {
    unwrap(await serviceClient().from('audit_log').insert({ organization_id: entry.organizationId, ...auditRow(entry) }))
  }
  catch (cause) {
    throw new AppError('audit_unavailable', undefined, { cause })
  }
}

/**
 * For what did not happen, or changes nothing: refusals, a look over the log, the end of a session. A log that can't be
 * written is shouted about and no reason to fail. Every other entry is written with its deed, in one statement.
 */
export async function noteAudit(entry: AuditEntry): Promise<void> {
  try {
    await recordAudit(entry)
  }
  catch (error) {
    log.error('audit row could not be written', { action: entry.action, organization_id: entry.organizationId, target: entry.target, error })
  }
}

/** Somebody was refused, or asked for what is not theirs or not there. */
export async function recordDenied(
  who: { userId: string, email: string, organizationId: string | null }, path: string, code: string, from: RequestInfo,
): Promise<void> {
  await noteAudit({
    organizationId: who.organizationId,
    actor: byUser(who),
    action: 'access.denied',
    detail: { path: path.split('?')[0] ?? '', code },
    from,
  })
}
