/**
 * What binds a callback to the browser, person, organization and provider that started it.
 *
 * COOKIE  `connect_` and 16 hex digits of SHA-256(state), one for each flow: two tabs don't collide, and the callback
 *         finds its cookie by the state it got. A state of somebody else's finds none.
 * VALUE   `iv.tag.ciphertext` in base64url: the flow as JSON, AES-256-GCM (NIST SP 800-38D) under a key derived for this
 *         purpose alone, bound to a label with the format's version. Keys of before a rotation still open it.
 * LIFE    Ten minutes from `createdAt`, whatever lifetime the cookie itself claims.
 */
import { Buffer } from 'node:buffer'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { generateRandomCodeVerifier } from 'oauth4webapi'
import { z } from 'zod'
import { deriveKey, deriveKeys, seal, unseal } from '#server/utils/encryption'

export const flowLifetimeSeconds = 600
/** Clocks of two machines may differ by as much. */
const skewMs = 60_000
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
})
export type Flow = z.infer<typeof flowSchema>

export class FlowError extends Error {
  override name = 'FlowError'
  constructor(readonly reason: 'malformed' | 'expired') {
    super(`The flow is ${reason}`)
  }
}

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
  const iv = randomBytes(12)
  const { ciphertext, tag } = seal(deriveKey(purpose), iv, JSON.stringify(flowSchema.parse(flow)), purpose)
  return [iv, tag, ciphertext].map(part => part.toString('base64url')).join('.')
}

/** @throws FlowError malformed (not ours, altered, or from the future), expired; EncryptionError when there is no key */
export function openFlow(sealed: string, options: { now?: number } = {}): Flow {
  const { now = Date.now() } = options
  const [iv, tag, ciphertext, rest] = sealed.length <= 4096 ? sealed.split('.').map(part => Buffer.from(part, 'base64url')) : []
  if (!iv || !tag || !ciphertext || rest) throw new FlowError('malformed')
  for (const key of deriveKeys(purpose)) {
    const text = unseal(key, iv, ciphertext, tag, purpose)
    if (!text) continue
    const flow = flowSchema.safeParse(JSON.parse(text.toString('utf8')))
    if (!flow.success || flow.data.createdAt > now + skewMs) throw new FlowError('malformed')
    if (now - flow.data.createdAt > flowLifetimeSeconds * 1000) throw new FlowError('expired')
    return flow.data
  }
  throw new FlowError('malformed')
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
