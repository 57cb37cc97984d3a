/**
 * What Vercel's refusals mean (https://vercel.com/docs/rest-api/errors): `{"error": {"code", "message"}}`, and nearly all of
 * them under a 403. The message is matched for a plan and dropped.
 */
import { z } from 'zod'
import type { Refusal } from '../contract'
import { retryAfter, retryAfterIn } from './rate-limit'

const bodySchema = z.object({
  error: z.object({
    code: z.string().catch(''),
    message: z.string().catch(''),
    invalidToken: z.boolean().optional().catch(undefined),
    saml: z.boolean().optional().catch(undefined),
  }),
})

/** "Upgrade to Pro", "only available on the Enterprise plan", "requires a Pro plan". */
const planMessage = /\bupgrade\b|\b(?:hobby|pro|enterprise)\b.{0,20}\b(?:plan|team|account)s?\b|\bplans?\b.{0,30}\b(?:include|support|allow|offer)/i
const planCode = /upgrade|(?:^|_)plan(?:_|$)|feature_not_available/i

export function refusal({ status, headers, body }: { status: number, headers: Headers, body: unknown }): Refusal | null {
  const parsed = bodySchema.safeParse(body)
  const error = parsed.success ? parsed.data.error : { code: '', message: '' }
  switch (status) {
    case 402: return isPlan(error) ? { kind: 'limited', limitedBy: 'plan' } : null
    case 403: return forbidden(error)
    case 429: {
      const wait = retryAfter(headers) ?? retryAfterIn(body)
      return wait === null ? null : { kind: 'rate_limited', retryAfterSeconds: wait }
    }
    default: return null
  }
}

function forbidden(error: { code: string, message: string, invalidToken?: boolean, saml?: boolean }): Refusal | null {
  // Vercel has no 401 for a dead token.
  if (error.invalidToken === true) return { kind: 'unauthorized' }
  // Every call says this until somebody takes the installation over, within 30 days, or it is installed anew. Why, only the
  // installation itself says: see `installation.ts`.
  if (error.code === 'integration_configuration_disabled') return { kind: 'installation_disabled' }
  if (error.saml === true) return { kind: 'limited', limitedBy: 'sso' }
  if (isPlan(error)) return { kind: 'limited', limitedBy: 'plan' }
  // A missing permission: named from the endpoint that was called.
  return null
}

function isPlan({ code, message }: { code: string, message: string }): boolean {
  return planCode.test(code) || planMessage.test(message)
}
