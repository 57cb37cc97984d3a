/**
 * Netlify refuses with `{ "code": 403, "message": "..." }` and has no scopes, so a refusal never means a missing permission of
 * the grant: the plan does not have it, the person's role does not show it, or the team takes single sign-on only, which shuts out
 * tokens that were not made for it (https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api/). The last must
 * not be taken for a dead token, whatever the status: it is about one team, and the others can still be read.
 */
import { z } from 'zod'
import type { Refusal } from '../contract'

const bodySchema = z.object({ message: z.string() })
const signOn = /\bsaml\b|\bsso\b|single sign-?on/i
const plan = /\bupgrade\b|\b(?:your|this|current|team'?s) plan\b|\bon (?:the )?\w+ plans?\b|plan (?:does not|doesn't) (?:include|support|allow)/i

export function refusal({ status, body }: { status: number, headers: Headers, body: unknown }): Refusal | null {
  const said = bodySchema.safeParse(body).data?.message ?? ''
  if (status !== 401 && status !== 403) return null
  if (signOn.test(said)) return { kind: 'limited', limitedBy: 'sso' }
  if (status === 401) return null
  return { kind: 'limited', limitedBy: plan.test(said) ? 'plan' : 'role' }
}
