/**
 * Who is asking. Either the session cookies (httpOnly: no script can read the tokens in them), or
 * `Authorization: Bearer` with a Supabase access token. The current organization is named by a cookie or the header
 * `X-Organization-Id`; neither is trusted: every query runs under the caller's own row level security.
 */
import { createHash } from 'node:crypto'
import { getCookie, getRequestHeader, parseCookies, setCookie, setResponseHeader, type H3Event } from 'h3'
import type { AuthError } from '@supabase/supabase-js'
import { anonClient, cookieClient, userClient, type Client } from '#server/database/clients'
import type { Caller } from '#server/database/caller'
import { readStoredSession } from '#server/database/session-cookie'
import { AppError } from '#server/errors'
import { env } from '#server/utils/env'
import { roleAtLeast, type Role } from '#shared/vocabulary'
import { memberships } from './memberships'

export interface Session {
  userId: string
  email: string
  accessToken: string
  /** supabase-js as this person. */
  client: Client
  /** As the caller names it; null when it names none. */
  organizationId: string | null
}

/** A session in an organization. */
export interface Actor extends Session, Caller {
  organizationId: string
  /** Known where it was asked for: `admin` routes. Reading routes leave the check to row level security. */
  role: Role | null
}

declare module 'h3' {
  interface H3EventContext { session?: Session | null }
}

export const ORGANIZATION_COOKIE = 'organization'
const SESSION_COOKIE = 'session'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export function cookieOptions() {
  return { path: '/', httpOnly: true, sameSite: 'lax', secure: env().appUrl.startsWith('https:') } as const
}

/** The client that keeps its session in this request's cookies. */
export function sessionClient(event: H3Event): Client {
  return cookieClient({
    getAll: () => Object.entries(parseCookies(event)).map(([name, value]) => ({ name, value })),
    setAll: (all, headers) => {
      // Half of a mail flow that is not used here: the mail's own token is enough.
      const cookies = all.filter(cookie => !cookie.name.endsWith('code-verifier'))
      for (const { name, value, options } of cookies) setCookie(event, name, value, { ...options, ...cookieOptions() })
      for (const [name, value] of Object.entries(headers)) setResponseHeader(event, name, value)
      // So that what is rendered for this request asks with the new session, not with the one it replaced.
      const jar = parseCookies(event)
      for (const { name, value } of cookies) jar[name] = value
      event.node.req.headers.cookie = Object.entries(jar).filter(([, value]) => value !== '').map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('; ')
    },
  }, { name: SESSION_COOKIE, ...cookieOptions() })
}

/** Null when nobody is signed in. Asked once per request. */
export async function readSession(event: H3Event): Promise<Session | null> {
  event.context.session ??= await findSession(event)
  return event.context.session
}

async function findSession(event: H3Event): Promise<Session | null> {
  const accessToken = await accessTokenOf(event)
  if (!accessToken) return null
  const known = await verify(accessToken)
  if (!known) return null
  const named = getRequestHeader(event, 'x-organization-id') ?? getCookie(event, ORGANIZATION_COOKIE) ?? ''
  return { ...known.user, accessToken, client: known.client, organizationId: UUID.test(named) ? named : null }
}

/** The auth server did not answer, which says nothing about the session or the password. */
export function isAway(error: AuthError): boolean {
  return !error.status || error.status >= 500
}

/** @throws AppError unavailable */
async function accessTokenOf(event: H3Event): Promise<string | null> {
  const bearer = getRequestHeader(event, 'authorization')
  if (bearer !== undefined) return /^Bearer ([\w.~+/-]+=*)$/i.exec(bearer)?.[1] ?? null
  const stored = await readStoredSession(SESSION_COOKIE, name => getCookie(event, name))
  if (!stored) return null
  if (stored.expires_at * 1000 - Date.now() > RENEW_AHEAD_MS) return stored.access_token
  const { data, error } = await inTurn(stored.access_token, () => sessionClient(event).auth.getSession())
  if (error && isAway(error)) throw new AppError('unavailable', 'The sign-in service did not answer.', { cause: error })
  return data.session?.access_token ?? null
}

const renewals = new Map<string, Promise<unknown>>()

/** A browser sends several calls at once: they renew one after the other, and do not race for the refresh token. */
async function inTurn<T>(key: string, renew: () => Promise<T>): Promise<T> {
  const turn = (renewals.get(key) ?? Promise.resolve()).then(renew, renew)
  renewals.set(key, turn)
  try {
    return await turn
  }
  finally {
    if (renewals.get(key) === turn) renewals.delete(key)
  }
}

/** supabase-js renews a session that ends within this time. */
const RENEW_AHEAD_MS = 90_000

/**
 * Access tokens that the auth server has vouched for, by hash, for a minute: the data API takes a token until it expires
 * anyhow, so this delays nothing but a sign-out elsewhere, and only for calls that need no data.
 */
const VERIFIED_FOR_MS = 60_000
interface Verified { user: { userId: string, email: string }, client: Client, until: number }
const verified = new Map<string, Verified>()

async function verify(accessToken: string): Promise<Verified | null> {
  const key = createHash('sha256').update(accessToken).digest('base64url')
  const known = verified.get(key)
  if (known && known.until > Date.now()) return known
  const { data, error } = await anonClient().auth.getUser(accessToken)
  if (error && isAway(error)) throw new AppError('unavailable', 'The sign-in service did not answer.', { cause: error })
  if (error || !data.user) return null
  const fresh = { user: { userId: data.user.id, email: data.user.email ?? '' }, client: userClient(accessToken), until: Date.now() + VERIFIED_FOR_MS }
  if (verified.size > 1_000) forgetLapsed()
  verified.set(key, fresh)
  return fresh
}

function forgetLapsed(): void {
  for (const [key, { until }] of verified) if (until <= Date.now() || verified.size > 5_000) verified.delete(key)
}

/** Forgets that a token was good: after signing out. */
export function forgetVerified(accessToken: string): void {
  verified.delete(createHash('sha256').update(accessToken).digest('base64url'))
}

/** @throws AppError unauthorized */
export async function requireSession(event: H3Event): Promise<Session> {
  const session = await readSession(event)
  if (!session) throw new AppError('unauthorized', undefined, { headers: { 'www-authenticate': 'Bearer' } })
  return session
}

/**
 * The session in its organization. For `member` no query is made when the caller names the organization: what it may see
 * there is row level security's to say.
 * @throws AppError no_organization, forbidden, not_found when the caller names an organization that is not theirs: what
 * was meant for one must not happen in another
 */
export async function requireRole(event: H3Event, session: Session, needed: 'member' | 'admin'): Promise<Actor> {
  if (needed === 'member' && session.organizationId) return { ...session, organizationId: session.organizationId, role: null }
  const mine = await memberships(session)
  if (!mine[0]) throw new AppError('no_organization', 'Create an organization, or accept an invitation.')
  const current = session.organizationId ? mine.find(membership => membership.id === session.organizationId) : mine[0]
  if (!current) throw new AppError('not_found', 'You do not belong to this organization.')
  event.context.session = { ...session, organizationId: current.id }
  if (!roleAtLeast(current.role, needed)) throw new AppError('forbidden', `This takes the role ${needed}.`)
  return { ...session, organizationId: current.id, role: current.role }
}
