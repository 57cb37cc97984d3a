/**
 * What the stand-in remembers: SHA-256 of every code and token, never one in clear, and which grant it belongs to. One
 * authorization is one grant; any number of them live side by side.
 */
import { z } from 'zod'
import type { SandboxStore } from '../store'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const milliseconds = z.number()

const stateSchema = z.object({
  version: z.literal(1),
  /** Consent pages that are shown and not answered. `request` is the hash of what the page asked. */
  consents: z.record(hash, z.object({ request: hash, expiresAt: milliseconds })),
  /** `grantId` is set once the code is redeemed; such a code is kept as long as its grant, to notice a second use. */
  codes: z.record(hash, z.object({
    clientId: z.string(),
    redirectUri: z.string(),
    challenge: z.string(),
    expiresAt: milliseconds,
    grantId: z.string().nullable(),
  })),
  grants: z.record(z.string(), z.object({ createdAt: milliseconds })),
  accessTokens: z.record(hash, z.object({ grantId: z.string(), expiresAt: milliseconds })),
  /** Rotated ones stay, to notice their reuse. */
  refreshTokens: z.record(hash, z.object({ grantId: z.string(), rotated: z.boolean() })),
})

export type State = z.infer<typeof stateSchema>

/** @throws Error when the store holds something else */
export function loadState(store: SandboxStore): State {
  const stored = store.load()
  if (stored === undefined) return { version: 1, consents: {}, codes: {}, grants: {}, accessTokens: {}, refreshTokens: {} }
  const parsed = stateSchema.safeParse(stored)
  if (!parsed.success) throw new Error('The Supabase sandbox\'s stored state is damaged: delete its state.json to start afresh.', { cause: parsed.error })
  return parsed.data
}

/** Drops what can no longer matter, so that the state does not grow for ever. */
export function prune(state: State, now: number): void {
  drop(state.consents, consent => consent.expiresAt <= now)
  drop(state.codes, code => code.grantId === null ? code.expiresAt <= now : !Object.hasOwn(state.grants, code.grantId))
  drop(state.accessTokens, token => token.expiresAt <= now || !Object.hasOwn(state.grants, token.grantId))
  drop(state.refreshTokens, token => !Object.hasOwn(state.grants, token.grantId))
}

function drop<T>(entries: Record<string, T>, gone: (entry: T) => boolean): void {
  for (const [key, entry] of Object.entries(entries)) {
    if (gone(entry)) Reflect.deleteProperty(entries, key)
  }
}
