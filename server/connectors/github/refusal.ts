/**
 * What a 403 or 429 is: GitHub uses them for "later", "not you", "not this app", "not from there" and "not on this plan". It
 * says which in headers, and else only in the sentence, which is matched and dropped.
 * https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
 */
import type { Connector, Refusal } from '../contract'
import { messageOf } from './endpoints/fields'
import { acceptedPermissions } from './permissions'
import { retryAfter } from './rate-limit'

/** "Wait for at least one minute", where a secondary limit names no time. */
const SECONDARY_LIMIT_SECONDS = 60

/** In this order: a sentence about a plan may also speak of administrators. */
const sentences: readonly (readonly [RegExp, Refusal])[] = [
  [/SAML enforcement/i, { kind: 'limited', limitedBy: 'sso' }],
  [/IP allow list|OAuth App access restrictions|forbids access via/i, { kind: 'limited', limitedBy: 'policy' }],
  [/\bsuspended\b/i, { kind: 'limited', limitedBy: 'policy' }],
  [/\bupgrade to\b|make this repository public|Security (?:must be|is not) enabled/i, { kind: 'limited', limitedBy: 'plan' }],
  [/must (?:have admin|be an? (?:\w+ )*(?:owner|admin))|only (?:\w+ )*(?:owners|admin)/i, { kind: 'limited', limitedBy: 'role' }],
]

export const refusal: NonNullable<Connector['refusal']> = ({ status, headers, body }) => {
  if (status !== 403 && status !== 429) return null
  const message = messageOf(body)
  const later = /rate limit|abuse detection|maximum number of login attempts/i.test(message)
  if (later || status === 429 || headers.has('retry-after') || headers.get('x-ratelimit-remaining')?.trim() === '0') {
    return { kind: 'rate_limited', retryAfterSeconds: retryAfter(headers) ?? SECONDARY_LIMIT_SECONDS }
  }
  if (/^required/i.test(headers.get('x-github-sso') ?? '')) return { kind: 'limited', limitedBy: 'sso' }
  if (/not accessible by/i.test(message)) return { kind: 'forbidden', missing: acceptedPermissions(headers) }
  return sentences.find(([pattern]) => pattern.test(message))?.[1] ?? null
}
