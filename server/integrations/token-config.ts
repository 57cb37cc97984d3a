import type { TokenSet } from '#server/connectors/contract'

const DAY_MS = 24 * 3600 * 1000
/** Seconds: a provider that names more gets another look then. Beyond some thousand years no database could store the date. */
const LONGEST_LIFETIME = 10 * 365 * 24 * 3600
/** A token is replaced this long before it ends. */
export const REFRESH_AHEAD_MS = 5 * 60 * 1000

/**
 * A token answer as fields of `config`, in the clear. What the provider left out is left out here, so that merging keeps
 * the stored refresh token and the last known lifetime.
 * @param knownLifetime seconds, from an earlier answer
 */
export function tokenConfig(tokens: TokenSet, knownLifetime: number | null, now: Date) {
  const named = tokens.expiresIn ?? knownLifetime
  const lifetime = named === null ? null : Math.min(named, LONGEST_LIFETIME)
  return {
    access_token: tokens.accessToken,
    ...(tokens.refreshToken ? { refresh_token: tokens.refreshToken } : {}),
    ...(tokens.scopes ? { scopes_granted: tokens.scopes } : {}),
    expires_in: lifetime,
    expires_at: lifetime === null ? null : new Date(now.getTime() + lifetime * 1000).toISOString(),
  }
}

/** When to look at a credential again, never null: ten minutes ahead of its end, or after a day when none is known. */
export function refreshDueAt(expiresAt: string | null, now: Date): string {
  const due = expiresAt === null ? now.getTime() + DAY_MS : Date.parse(expiresAt) - 2 * REFRESH_AHEAD_MS
  return new Date(Math.max(due, now.getTime() + 60_000)).toISOString()
}

/** Whether a credential ends before `aheadMs` from now. */
export function endsWithin(expiresAt: string | null | undefined, aheadMs: number, now: Date): boolean {
  return typeof expiresAt === 'string' && Date.parse(expiresAt) - now.getTime() < aheadMs
}
