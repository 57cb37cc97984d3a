/** Invitations by link. The link's token is 256 random bits, shown once, kept as a hash. */
import { createHash, randomBytes } from 'node:crypto'
import { requestRow, type RequestInfo } from '#server/audit'
import { anonClient, type Client } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { env } from '#server/utils/env'
import { afterPosition, toPage, type Position } from '#server/utils/list'
import { withIsoTimes } from '#server/utils/time'
import type { Actor } from './session'

const columns = 'id, email, role, created_at, expires_at'

function hash(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Open ones, newest first. */
export async function listInvitations(actor: Actor, page: { limit: number, cursor?: Position }) {
  let query = actor.client.from('invitations').select(columns).eq('organization_id', actor.organizationId)
    .is('accepted_at', null).gt('expires_at', new Date().toISOString())
  if (page.cursor) query = query.or(afterPosition('created_at', page.cursor))
  const rows = unwrap(await query.order('created_at', { ascending: false }).order('id', { ascending: false }).limit(page.limit + 1))
  return toPage(rows, page.limit, row => row.created_at, row => row)
}

/** @returns the invitation with its link; the token stands in the fragment, which browsers send to nobody */
export async function invite(actor: Actor, input: { email: string, role: 'admin' | 'member' }, from: RequestInfo) {
  const token = randomBytes(32).toString('base64url')
  const [row] = unwrap(await actor.client.rpc('create_invitation', {
    p_organization_id: actor.organizationId, p_email: input.email, p_role: input.role, p_token_hash: hash(token), p_request: requestRow(from),
  }))
  if (!row) throw new AppError('internal')
  return { ...withIsoTimes(row), url: `${env().appUrl}/invitation#${token}` }
}

/** @throws AppError not_found */
export async function withdrawInvitation(actor: Actor, id: string, from: RequestInfo): Promise<void> {
  const done = unwrap(await actor.client.rpc('withdraw_invitation', { p_id: id, p_organization_id: actor.organizationId, p_request: requestRow(from) }))
  if (!done) throw new AppError('not_found')
}

/** What an invitation says, for whoever holds its link. @throws AppError invitation_invalid */
export async function lookupInvitation(token: string): Promise<{ organization: string, email: string, role: string }> {
  const [found] = unwrap(await anonClient().rpc('lookup_invitation', { p_token_hash: hash(token) }))
  if (!found) throw new AppError('invitation_invalid', 'Ask for a new one.')
  return found
}

/** @throws AppError invitation_invalid, also when it is for somebody else */
export async function checkInvitation(token: string, email: string): Promise<void> {
  const invitation = await lookupInvitation(token)
  if (invitation.email !== email.toLowerCase()) {
    throw new AppError('invitation_invalid', 'This invitation is for another email address. Use that one.')
  }
}

/**
 * @returns the organization's id
 * @throws AppError invitation_invalid
 */
export async function acceptInvitation(person: { client: Client, email: string }, token: string, from: RequestInfo): Promise<string> {
  await checkInvitation(token, person.email)
  const organizationId = unwrap(await person.client.rpc('accept_invitation', { p_token_hash: hash(token), p_request: requestRow(from) }))
  if (!organizationId) throw new AppError('invitation_invalid', 'Ask for a new one.')
  return organizationId
}
