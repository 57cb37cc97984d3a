/**
 * What binds a callback to the browser, person, organization and provider that started it: a sealed cookie
 * (sealed-cookie.ts), `connect_` and 16 hex digits of SHA-256(state). One for each flow: two tabs don't collide, and the
 * callback finds its cookie by the state it got. A state of somebody else's finds none.
 */
import type { Buffer } from 'node:buffer'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { generateRandomCodeVerifier } from 'oauth4webapi'
import { z } from 'zod'
import { openCookie, sealCookie } from './sealed-cookie'

export { FlowError, flowLifetimeSeconds } from './sealed-cookie'

const purpose = 'connect-flow/1'

const flowSchema = z.strictObject({
  state: z.string().min(1),
  codeVerifier: z.string().nullable(),
  provider: z.string().min(1),
  userId: z.string().min(1),
  organizationId: z.string().min(1),
  /** Set when an existing integration is being reconnected. */
  integrationId: z.string().nullable(),
  /** Milliseconds since 1970. */
  createdAt: z.number().int().nonnegative(),
  /** What the provider was asked for: first to install the app, where it has a page for that. */
  awaits: z.enum(['installation', 'consent']),
  /** What the installation's callback said. */
  facts: z.record(z.string(), z.string()),
})
export type Flow = z.infer<typeof flowSchema>

/** 256 random bits (RFC 6749 section 10.10 asks for at least 128). */
export function newState(): string {
  return randomBytes(32).toString('base64url')
}

/** 256 random bits in 43 characters (RFC 7636 section 4.1). */
export function newVerifier(): string {
  return generateRandomCodeVerifier()
}

/** @throws EncryptionError when there is no key */
export function sealFlow(flow: Flow): string {
  return sealCookie(purpose, flowSchema, flow)
}

/** @throws FlowError; EncryptionError when there is no key */
export function openFlow(sealed: string, options: { now?: number } = {}): Flow {
  return openCookie(purpose, flowSchema, sealed, options.now)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** SHA-256 in hex: what may be stored to know a state again without having it. */
export function stateHash(state: string): string {
  return digest(state).toString('hex')
}

export function flowCookieName(state: string): string {
  return `connect_${stateHash(state).slice(0, 16)}`
}

/** In constant time, whatever the lengths. */
export function stateMatches(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b))
}
