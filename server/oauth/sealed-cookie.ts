/**
 * What a browser keeps for us between two calls and can neither read nor change.
 *
 * VALUE   `iv.tag.ciphertext` in base64url: JSON, AES-256-GCM (NIST SP 800-38D) under a key derived for one purpose alone,
 *         bound to that purpose as its label, with the format's version. Keys of before a rotation still open it.
 * LIFE    Ten minutes from `createdAt` unless the caller says longer, whatever lifetime the cookie itself claims.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import { deriveKey, deriveKeys, seal, unseal } from '#server/utils/encryption'

export const flowLifetimeSeconds = 600
/** Clocks of two machines may differ by as much. */
const skewMs = 60_000

export class FlowError extends Error {
  override name = 'FlowError'
  constructor(readonly reason: 'malformed' | 'expired') {
    super(`The flow is ${reason}`)
  }
}

/** `createdAt`: milliseconds since 1970. */
interface Dated { createdAt: number }

/** @throws EncryptionError when there is no key; ZodError */
export function sealCookie<T extends Dated>(purpose: string, schema: z.ZodType<T>, content: T): string {
  const iv = randomBytes(12)
  const { ciphertext, tag } = seal(deriveKey(purpose), iv, JSON.stringify(schema.parse(content)), purpose)
  return [iv, tag, ciphertext].map(part => part.toString('base64url')).join('.')
}

/** @throws FlowError malformed (not ours, altered, or from the future), expired; EncryptionError when there is no key */
export function openCookie<T extends Dated>(purpose: string, schema: z.ZodType<T>, sealed: string, now: number = Date.now(), lifetimeSeconds: number = flowLifetimeSeconds): T {
  const [iv, tag, ciphertext, rest] = sealed.length <= 4096 ? sealed.split('.').map(part => Buffer.from(part, 'base64url')) : []
  if (!iv || !tag || !ciphertext || rest) throw new FlowError('malformed')
  for (const key of deriveKeys(purpose)) {
    const text = unseal(key, iv, ciphertext, tag, purpose)
    if (!text) continue
    const content = schema.safeParse(JSON.parse(text.toString('utf8')))
    if (!content.success || content.data.createdAt > now + skewMs) throw new FlowError('malformed')
    if (now - content.data.createdAt > lifetimeSeconds * 1000) throw new FlowError('expired')
    return content.data
  }
  throw new FlowError('malformed')
}
