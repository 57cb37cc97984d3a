import { z } from 'zod'
import type { GrantFacts, TokenSet } from '#server/connectors/contract'

const DAY_MS = 24 * 3600 * 1000
/** Seconds: a provider that names more gets another look then. Beyond some thousand years no database could store the date. */
const LONGEST_LIFETIME = 10 * 365 * 24 * 3600
/** A token is replaced this long before it ends. */
export const REFRESH_AHEAD_MS = 5 * 60 * 1000

/** The tokens that every grant has. Others have the slot's name in front of their fields: `user_access_token`. */
export const MAIN_SLOT = 'main'

/** The name under which `config` keeps a slot's field. */
export function slotField(slot: string, field: string): string {
  return slot === MAIN_SLOT ? field : `${slot}_${field}`
}

type Fields = Record<string, unknown>

export interface TokenPair { accessToken: string, refreshToken: string | null }

/** The grant's main tokens, those of further slots that the connector declares (a person's beside a bot's), and what calls with them need to know. */
export interface Secrets extends TokenPair { extra: Readonly<Record<string, TokenPair>>, facts: GrantFacts }

const factsSchema = z.record(z.string(), z.string()).catch({})

/** The tokens in a config whose secrets are in the clear, by slot. @param slots the connector's further ones */
export function secretsIn(config: Fields, slots: readonly string[]): Secrets {
  const text = (field: string) => typeof config[field] === 'string' ? config[field] : null
  const pair = (slot: string) => ({ accessToken: text(slotField(slot, 'access_token')) ?? '', refreshToken: text(slotField(slot, 'refresh_token')) })
  const others = slots.filter(slot => text(slotField(slot, 'access_token')))
  return { ...pair(MAIN_SLOT), extra: Object.fromEntries(others.map(slot => [slot, pair(slot)])), facts: factsSchema.parse(config.facts) }
}

/**
 * A token answer as fields of `config`, in the clear. What the provider left out is left out here, so that merging keeps
 * the stored refresh token and the last known lifetime.
 * @param knownLifetime seconds, from an earlier answer
 */
export function tokenConfig(tokens: TokenSet, knownLifetime: number | null, now: Date) {
  const named = tokens.expiresIn ?? knownLifetime
  const lifetime = named === null ? null : Math.min(named, LONGEST_LIFETIME)
  const refreshLifetime = tokens.refreshExpiresIn === undefined ? null : Math.min(tokens.refreshExpiresIn, LONGEST_LIFETIME)
  return {
    access_token: tokens.accessToken,
    // The end of the one before is not this one's.
    ...(tokens.refreshToken ? { refresh_token: tokens.refreshToken, refresh_issued_at: now.toISOString(), refresh_expires_at: null } : {}),
    ...(tokens.scopes ? { scopes_granted: tokens.scopes } : {}),
    ...(refreshLifetime === null ? {} : { refresh_expires_at: after(now, refreshLifetime) }),
    expires_in: lifetime,
    expires_at: lifetime === null ? null : after(now, lifetime),
  }
}

function after(now: Date, seconds: number): string {
  return new Date(now.getTime() + seconds * 1000).toISOString()
}

/** A slot's token answer under the slot's names. */
export function slotConfig(slot: string, tokens: TokenSet, knownLifetime: number | null, now: Date): Fields {
  const fields = Object.entries(tokenConfig(tokens, knownLifetime, now))
  return Object.fromEntries(fields.map(([name, value]) => [slotField(slot, name), value]))
}

/**
 * A whole grant under the names of its slots. What it does not bring is null: a reconnect replaces the whole grant, and the
 * old one's tokens must not stay.
 */
export function grantConfig(tokens: TokenSet, secrets: readonly string[], now: Date): Fields {
  const nothing = Object.fromEntries(secrets.map(field => [field, null]))
  const extra = Object.entries(tokens.extra ?? {}).map(([slot, own]) => slotConfig(slot, own, null, now))
  return Object.assign(nothing, slotConfig(MAIN_SLOT, tokens, null, now), ...extra)
}

/** When to look at a credential again, never null: ten minutes ahead of its end, or after a day when none is known. */
export function refreshDueAt(expiresAt: string | null, now: Date): string {
  const due = expiresAt === null ? now.getTime() + DAY_MS : Date.parse(expiresAt) - 2 * REFRESH_AHEAD_MS
  return new Date(Math.max(due, now.getTime() + 60_000)).toISOString()
}

/**
 * Of all slots, the one that is due first, and when. Tokens that outlive a day are looked at daily all the same: only a call
 * shows that they are alive.
 */
export function nextRefresh(config: Fields, slots: readonly string[], now: Date): { slot: string, dueAt: string } {
  const due = slots.filter(slot => typeof config[slotField(slot, 'access_token')] === 'string').map((slot) => {
    // A further token that nothing can renew simply ends.
    const renewable = slot === MAIN_SLOT || typeof config[slotField(slot, 'refresh_token')] === 'string'
    const expiresAt = renewable ? config[slotField(slot, 'expires_at')] : null
    return { slot, dueAt: refreshDueAt(typeof expiresAt === 'string' ? expiresAt : null, now) }
  }).sort((a, b) => a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0)
  const first = due[0] ?? { slot: MAIN_SLOT, dueAt: refreshDueAt(null, now) }
  const tomorrow = refreshDueAt(null, now)
  return first.dueAt < tomorrow ? first : { slot: first.slot, dueAt: tomorrow }
}

/** Whether a credential ends before `aheadMs` from now. */
export function endsWithin(expiresAt: string | null | undefined, aheadMs: number, now: Date): boolean {
  return typeof expiresAt === 'string' && Date.parse(expiresAt) - now.getTime() < aheadMs
}
