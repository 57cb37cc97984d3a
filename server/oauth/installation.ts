/**
 * What a provider sent the browser back with although nobody here had started it: its code and what it said, kept for the
 * word of the person in front of it. A sealed cookie of its own for each (sealed-cookie.ts), under another purpose than a
 * flow's, so that neither opens as the other.
 *
 * `install_` and the id: 64 random bits that name the cookie to the page, and say nothing of what is in it.
 */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Connector } from '#server/connectors/contract'
import { openCookie, sealCookie } from './sealed-cookie'

const purpose = 'connect-installation/1'
export const installationIdPattern = /^[0-9a-f]{16}$/
/** Bytes of a cookie that every browser keeps, less its name and attributes. */
const MOST = 3_900

const installationSchema = z.strictObject({
  id: z.string().regex(installationIdPattern),
  provider: z.string().min(1),
  code: z.string().min(1),
  facts: z.record(z.string(), z.string()),
  /** Who may confirm it, and for which organization; null: nobody was signed in, so whoever looks at it first. */
  for: z.strictObject({ userId: z.string().min(1), organizationId: z.string().min(1) }).nullable(),
  /** Milliseconds since 1970. */
  createdAt: z.number().int().nonnegative(),
})
export type Installation = z.infer<typeof installationSchema>

/** PKCE's verifier never leaves the one who starts: what started elsewhere can't be finished with it. */
export function startsElsewhere({ authorization }: Connector): boolean {
  return authorization.kind === 'oauth2' && authorization.startsElsewhere === true && authorization.pkce === 'none'
}

export function newInstallationId(): string {
  return randomBytes(8).toString('hex')
}

export function installationCookieName(id: string): string {
  return `install_${id}`
}

/** Null: it is more than a cookie holds. @throws EncryptionError when there is no key */
export function sealInstallation(installation: Installation): string | null {
  const sealed = sealCookie(purpose, installationSchema, installation)
  return Buffer.byteLength(sealed) > MOST ? null : sealed
}

/** @throws FlowError; EncryptionError when there is no key */
export function openInstallation(sealed: string, options: { now?: number } = {}): Installation {
  return openCookie(purpose, installationSchema, sealed, options.now)
}
