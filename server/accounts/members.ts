import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import type { Role } from '#shared/vocabulary'
import { withIsoTimes } from '#server/utils/time'
import type { Actor } from './session'

export async function listMembers(actor: Actor) {
  return unwrap(await actor.client.rpc('list_members', { p_organization_id: actor.organizationId })).map(withIsoTimes)
}

/**
 * Changes a member's role, or with `null` ends the membership.
 * @throws AppError not_found, forbidden (only owners decide about owners), last_owner
 */
export async function changeMember(actor: Actor, userId: string, role: Role | null): Promise<void> {
  const outcome = unwrap(await actor.client.rpc('change_member', {
    p_organization_id: actor.organizationId, p_user_id: userId, ...(role ? { p_role: role } : {}),
  }))
  if (outcome === 'forbidden') throw new AppError('forbidden', 'Only an owner makes or unmakes an owner.')
  if (outcome === 'last_owner') throw new AppError('last_owner')
  if (outcome !== 'changed') throw new AppError('not_found')
}
