import { deleteCookie, getCookie, setCookie, type H3Event } from 'h3'
import { requestRow, type RequestInfo } from '#server/audit'
import { unwrap } from '#server/database/result'
import { AppError } from '#server/errors'
import { log } from '#server/utils/log'
import type { Role } from '#shared/vocabulary'
import { memberships, type Membership } from './memberships'
import { cookieOptions, ORGANIZATION_COOKIE, type Actor, type Session } from './session'

/** What `GET /api/session` answers. */
export interface SessionView {
  user: { id: string, email: string }
  organization: { id: string, name: string } | null
  organizations: Membership[]
  role: Role | null
}

export async function viewSession(session: Session): Promise<SessionView> {
  const organizations = await memberships(session)
  const current = organizations.find(membership => membership.id === session.organizationId) ?? organizations[0]
  return {
    user: { id: session.userId, email: session.email },
    organization: current ? { id: current.id, name: current.name } : null,
    organizations,
    role: current?.role ?? null,
  }
}

/**
 * The same, for a browser: an organization that it remembers, and that the person no longer belongs to, is forgotten, so
 * that what the session says and what the lists are of stay the same.
 */
export async function currentSession(event: H3Event, session: Session): Promise<SessionView> {
  const view = await viewSession(session)
  if (getCookie(event, ORGANIZATION_COOKIE) === undefined || session.organizationId === view.organization?.id) return view
  deleteCookie(event, ORGANIZATION_COOKIE, cookieOptions())
  event.context.session = { ...session, organizationId: view.organization?.id ?? null }
  return view
}

/**
 * Whose log a deed stands in: the organization that the caller named, if it is theirs, else their first. What a caller
 * names is not trusted here either: nobody writes into the log of an organization they do not belong to. Null when there
 * is none, or it can't be found out now.
 */
export async function homeOrganization(session: Session): Promise<string | null> {
  try {
    return (await viewSession(session)).organization?.id ?? null
  }
  catch (error) {
    log.warn('the organization of a deed could not be read', { error })
    return null
  }
}

/** @returns the new organization's id; the person is its owner */
export async function createOrganization(session: Session, name: string, from: RequestInfo): Promise<string> {
  return unwrap(await session.client.rpc('create_organization', { p_name: name, p_request: requestRow(from) }))
}

/**
 * The session in the organization that a path names, whichever is the current one, for its owner.
 * @throws AppError not_found (also when the person does not belong to it), forbidden
 */
export async function requireOwner(session: Session, organizationId: string): Promise<Actor> {
  const membership = (await memberships(session)).find(one => one.id === organizationId)
  if (!membership) throw new AppError('not_found')
  if (membership.role !== 'owner') throw new AppError('forbidden', 'This takes the role owner.')
  return { ...session, organizationId, role: 'owner' }
}

/** Somebody who is about to delete an organization says so by its name. @throws AppError invalid_request */
export async function confirmByName(owner: Actor, name: string): Promise<void> {
  const row = unwrap(await owner.client.from('organizations').select('name').eq('id', owner.organizationId).maybeSingle())
  if (row?.name.trim() === name) return
  throw new AppError('invalid_request', undefined, { errors: [{ field: 'name', message: 'is not the name of this organization' }] })
}

/**
 * Makes an organization the current one of this browser.
 * @throws AppError not_found when the person does not belong to it
 */
export async function switchOrganization(event: H3Event, session: Session, organizationId: string): Promise<SessionView> {
  const view = await viewSession({ ...session, organizationId })
  if (view.organization?.id !== organizationId) throw new AppError('not_found')
  setCookie(event, ORGANIZATION_COOKIE, organizationId, { ...cookieOptions(), maxAge: 400 * 24 * 3600 })
  event.context.session = { ...session, organizationId }
  return view
}
