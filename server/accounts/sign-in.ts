/** Signing up, in and out. The auth server keeps the passwords; this keeps the session in cookies. */
import { deleteCookie, getRequestHeader, type H3Event } from 'h3'
import type { AuthError } from '@supabase/supabase-js'
import { byUser, noteAudit, recordAudit, type RequestInfo } from '#server/audit'
import { anonClient, userClient } from '#server/database/clients'
import { AppError } from '#server/errors'
import { log } from '#server/utils/log'
import { acceptInvitation, checkInvitation } from './invitations'
import { createOrganization, homeOrganization, viewSession, type SessionView } from './organizations'
import { cookieOptions, forgetVerified, isAway, ORGANIZATION_COOKIE, readSession, sessionClient, type Session } from './session'

interface Person { id: string, email?: string, user_metadata: Record<string, unknown> }

function sessionOf(user: Person, accessToken: string): Session {
  return { userId: user.id, email: user.email ?? '', accessToken, client: userClient(accessToken), organizationId: null }
}

/** @throws AppError: what the auth server said, in our words */
function refuse(error: AuthError): never {
  if (error.code === 'user_already_exists' || error.code === 'email_exists') {
    throw new AppError('account_exists', 'Sign in, or use another address.', { errors: [{ field: 'email', message: 'has an account already' }] })
  }
  if (error.code === 'weak_password') throw new AppError('invalid_request', undefined, { errors: [{ field: 'password', message: 'is too weak' }] })
  if (error.code === 'over_request_rate_limit' || error.status === 429) throw new AppError('rate_limited', 'Try again in a minute.')
  if (isAway(error)) throw new AppError('unavailable', 'The sign-in service did not answer.', { cause: error })
  throw new AppError('invalid_request', 'The sign-in service refused this.', { cause: error })
}

export interface SignUp { email: string, password: string, organization?: string, invitation?: string }

/**
 * Signs up and in. With an invitation the person joins that organization; otherwise one of their own is made. Where the
 * auth server wants the address confirmed first there is no session yet: that happens at the first sign-in.
 */
export async function signUp(event: H3Event, input: SignUp, from: RequestInfo): Promise<SessionView> {
  if (input.invitation) await checkInvitation(input.invitation, input.email)
  const { data, error } = await sessionClient(event).auth.signUp({
    email: input.email, password: input.password, options: { data: { organization: input.organization } },
  })
  if (error) refuse(error)
  if (!data.user) throw new AppError('internal')
  if (!data.session) return { user: { id: data.user.id, email: input.email }, organization: null, organizations: [], role: null }
  const session = sessionOf(data.user, data.session.access_token)
  return orLeave(event, async () => {
    const organizationId = input.invitation
      ? await acceptInvitation(session, input.invitation, from)
      : await firstOrganization(session, input.organization, from)
    await recordAudit({ organizationId, actor: byUser(session), action: 'account.created', from })
    event.context.session = { ...session, organizationId }
    return viewSession({ ...session, organizationId })
  })
}

async function firstOrganization(session: Session, name: unknown, from: RequestInfo): Promise<string> {
  const given = typeof name === 'string' && name.trim() !== '' ? name.trim().slice(0, 100) : null
  return createOrganization(session, given ?? `${session.email.split('@')[0]?.slice(0, 60) ?? 'My'}'s organization`, from)
}

/** The session that has just begun ends with what fails here: no entry, no session. @throws what `arriving` throws */
export async function orLeave<T>(event: H3Event, arriving: () => Promise<T>): Promise<T> {
  try {
    return await arriving()
  }
  catch (error) {
    const ended = await sessionClient(event).auth.signOut({ scope: 'local' })
    if (ended.error) log.warn('a session that should not be could not be ended at the auth server', { error: ended.error })
    throw error
  }
}

/** @throws AppError invalid_credentials: the same for a wrong password and an unknown address */
export async function signIn(event: H3Event, email: string, password: string, from: RequestInfo): Promise<SessionView> {
  const { data, error } = await sessionClient(event).auth.signInWithPassword({ email, password })
  if (error) {
    if (!isAway(error) && error.status !== 429) {
      await noteAudit({ organizationId: null, actor: { type: 'user', id: null, email }, action: 'session.refused', from })
      throw new AppError('invalid_credentials', error.code === 'email_not_confirmed' ? 'Confirm your email address first: open the link in the mail.' : undefined)
    }
    refuse(error)
  }
  const session = sessionOf(data.user, data.session.access_token)
  return orLeave(event, () => arrive(event, session, data.user.user_metadata.organization, from))
}

/** After signing in: the first organization is made where confirming the address came in between. */
export async function arrive(event: H3Event, session: Session, organizationName: unknown, from: RequestInfo): Promise<SessionView> {
  let view = await viewSession(session)
  if (view.organizations.length === 0 && typeof organizationName === 'string') {
    await firstOrganization(session, organizationName, from)
    view = await viewSession(session)
  }
  const organizationId = view.organization?.id ?? null
  // Whoever was signed in here before may have chosen an organization that is not this person's.
  deleteCookie(event, ORGANIZATION_COOKIE, cookieOptions())
  await recordAudit({ organizationId, actor: byUser(session), action: 'session.signed_in', from })
  event.context.session = { ...session, organizationId }
  return view
}

/** Ends the session of this browser, or of this access token, at the auth server too. */
export async function signOut(event: H3Event, from: RequestInfo): Promise<void> {
  const session = await readSession(event)
  const organizationId = session && await homeOrganization(session)
  const { error } = getRequestHeader(event, 'authorization') === undefined
    ? await sessionClient(event).auth.signOut({ scope: 'local' })
    : session ? await anonClient().auth.admin.signOut(session.accessToken, 'local') : { error: null }
  // The browser has lost its cookies all the same.
  if (error && isAway(error)) log.warn('a session could not be ended at the auth server', { error })
  deleteCookie(event, ORGANIZATION_COOKIE, cookieOptions())
  if (!session) return
  forgetVerified(session.accessToken)
  await noteAudit({ organizationId, actor: byUser(session), action: 'session.signed_out', from })
}
