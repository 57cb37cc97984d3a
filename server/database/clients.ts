/**
 * The Supabase clients: as a person, as the service, and for signing in. The same supabase-js in both modes; the modes
 * differ in address, keys and `fetch` only.
 */
import { createServerClient, type CookieMethodsServer, type CookieOptionsWithName } from '@supabase/ssr'
import { createClient, type SupabaseClient } from '@supabase/supabase-js'
import type { Database } from './types'

export type Client = SupabaseClient<Database>

export interface SupabaseAddress { url: string, anonKey: string, serviceRoleKey: string, fetch?: typeof fetch }

let address: SupabaseAddress | null = null

/** Milliseconds. No call to Supabase takes as long; one that does must not hold whoever waits for it. */
const CALL_LIMIT_MS = 10_000

const boundedFetch: typeof fetch = (input, init) => {
  const limit = AbortSignal.timeout(CALL_LIMIT_MS)
  return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit })
}

/** Called once at start (server/plugins). */
export function useSupabase(next: SupabaseAddress | null): void {
  address = next && { fetch: boundedFetch, ...next }
  service = null
}

function current(): SupabaseAddress {
  if (!address) throw new Error('The database is not open yet: server/plugins opens it at start.')
  return address
}

const stateless = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }

let service: Client | null = null

/**
 * Above row level security. Only where no user is present (tasks, workers, webhooks, the audit log) and in the
 * credential room.
 */
export function serviceClient(): Client {
  const { url, serviceRoleKey, fetch } = current()
  service ??= createClient<Database>(url, serviceRoleKey, { auth: stateless, global: { fetch } })
  return service
}

/** As the person whose access token this is: row level security applies. */
export function userClient(accessToken: string): Client {
  const { url, anonKey, fetch } = current()
  return createClient<Database>(url, anonKey, { accessToken: async () => accessToken, global: { fetch } })
}

/** As nobody: for what anybody may ask, and for checking an access token. */
export function anonClient(): Client {
  const { url, anonKey, fetch } = current()
  return createClient<Database>(url, anonKey, { auth: stateless, global: { fetch } })
}

/** For signing in and out: keeps the session in the request's cookies. */
export function cookieClient(cookies: CookieMethodsServer, cookieOptions: CookieOptionsWithName): Client {
  const { url, anonKey, fetch } = current()
  return createServerClient<Database>(url, anonKey, { cookies, cookieOptions, global: { fetch } })
}
