/**
 * What binds a role to the person, organization and provider that it is made for: a sealed cookie (sealed-cookie.ts) with the
 * external id. The browser can neither choose nor change the id, and another person's or organization's is of no use to it.
 * An hour, because making a role takes a while, often by somebody else.
 */
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { openCookie, sealCookie } from './sealed-cookie'

export const roleFlowSeconds = 3600
export const roleFlowIdPattern = /^[0-9a-f]{16}$/
const purpose = 'role-flow/1'

const roleFlowSchema = z.strictObject({
  id: z.string().regex(roleFlowIdPattern),
  externalId: z.uuid(),
  provider: z.string().min(1),
  userId: z.string().min(1),
  organizationId: z.string().min(1),
  /** Set when an existing integration is being reconnected. */
  integrationId: z.string().nullable(),
  /** Milliseconds since 1970. */
  createdAt: z.number().int().nonnegative(),
})
export type RoleFlow = z.infer<typeof roleFlowSchema>

/** Names the cookie, and stands in the page's address: good for nothing without the cookie. */
export function newRoleFlowId(): string {
  return randomBytes(8).toString('hex')
}

export function roleFlowCookieName(id: string): string {
  return `role_${id}`
}

/** @throws EncryptionError when there is no key */
export function sealRoleFlow(flow: RoleFlow): string {
  return sealCookie(purpose, roleFlowSchema, flow)
}

/** @throws FlowError; EncryptionError when there is no key */
export function openRoleFlow(sealed: string, options: { now?: number } = {}): RoleFlow {
  return openCookie(purpose, roleFlowSchema, sealed, options.now, roleFlowSeconds)
}
