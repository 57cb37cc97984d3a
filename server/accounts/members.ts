import { requestRow, type RequestInfo } from '#server/audit'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { Role } from '#shared/vocabulary'
import { afterPosition, toPage, type Position } from '#server/utils/list'
import { withIsoTimes } from '#server/utils/time'
import type { Actor } from './session'

/** Newest first. */
export async function listMembers(actor: Actor, page: { limit: number, cursor?: Position }) {
  let query = actor.client.rpc('list_members', { p_organization_id: actor.organizationId })
  if (page.cursor) query = query.or(afterPosition('created_at', page.cursor, 'user_id'))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('user_id', { ascending: false }).limit(page.limit + 1))
  return toPage(rows.map(row => ({ ...row, id: row.user_id })), page.limit, row => row.created_at, ({ id: _, ...row }) => row)
}

/** @throws AppError not_found */
async function getMember(actor: Actor, userId: string) {
  const row = unwrap(await actor.client.rpc('list_members', { p_organization_id: actor.organizationId }).eq('user_id', userId).maybeSingle())
  if (!row) throw new AppError('not_found')
  return withIsoTimes(row)
}

/** Changes a member's role. @returns the member. @throws as changeMember */
export async function setRole(actor: Actor, userId: string, role: Role, from: RequestInfo) {
  await changeMember(actor, userId, role, from)
  return getMember(actor, userId)
}

/**
 * Changes a member's role, or with `null` ends the membership.
 * @throws AppError not_found, forbidden (only owners decide about owners), last_owner
 */
export async function changeMember(actor: Actor, userId: string, role: Role | null, from: RequestInfo): Promise<void> {
  const outcome = unwrap(await actor.client.rpc('change_member', {
    p_organization_id: actor.organizationId, p_user_id: userId, ...(role ? { p_role: role } : {}), p_request: requestRow(from),
  }))
  if (outcome === 'forbidden') throw new AppError('forbidden', 'Only an owner makes or unmakes an owner.')
  if (outcome === 'last_owner') throw new AppError('last_owner')
  if (outcome !== 'changed') throw new AppError('not_found')
}
