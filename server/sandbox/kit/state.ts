/**
 * What a stand-in remembers: SHA-256 of every code and token, never one in clear, and which grant it belongs to. One
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
    /** Null: the provider takes no PKCE. */
    challenge: z.string().nullable(),
    expiresAt: milliseconds,
    grantId: z.string().nullable(),
    subject: z.string().default(''),
  })),
  /** `subject`: whose account, where the provider has several. */
  grants: z.record(z.string(), z.object({ createdAt: milliseconds, subject: z.string().default('') })),
  /** `expiresAt` null: it does not expire. `chain`: a grant may hold several tokens, each renewed by itself. */
  accessTokens: z.record(hash, z.object({ grantId: z.string(), chain: z.string().default('main'), expiresAt: milliseconds.nullable() })),
  /** Rotated ones stay, to notice their reuse. */
  refreshTokens: z.record(hash, z.object({ grantId: z.string(), chain: z.string().default('main'), rotated: z.boolean() })),
})

export type State = z.infer<typeof stateSchema>

/** @throws Error when the store holds something else */
export function loadState(store: SandboxStore, provider: string): State {
  const stored = store.load()
  if (stored === undefined) return { version: 1, consents: {}, codes: {}, grants: {}, accessTokens: {}, refreshTokens: {} }
  const parsed = stateSchema.safeParse(stored)
  if (!parsed.success) throw new Error(`The ${provider} sandbox's stored state is damaged: delete its state.json to start afresh.`, { cause: parsed.error })
  return parsed.data
}

/** Milliseconds for which a token past its end is told from one that never was. */
const remembered = 3_600_000

/** Drops what can no longer matter, so that the state does not grow with every page that is shown. */
export function prune(state: State, now: number): void {
  const lives = (grantId: string | null) => grantId !== null && Object.hasOwn(state.grants, grantId)
  keep(state.consents, consent => consent.expiresAt > now)
  keep(state.codes, code => lives(code.grantId) || (code.grantId === null && code.expiresAt > now))
  keep(state.accessTokens, token => lives(token.grantId) && (token.expiresAt === null || token.expiresAt + remembered > now))
  keep(state.refreshTokens, token => lives(token.grantId))
}

function keep<T>(record: Record<string, T>, wanted: (value: T) => boolean): void {
  for (const [key, value] of Object.entries(record)) if (!wanted(value)) Reflect.deleteProperty(record, key)
}
