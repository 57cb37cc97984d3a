/**
 * A team that the token may see a part of only: `limited`, with what limits it. What is missing then says nothing, and what is
 * there may be a default.
 */
import type { z } from 'zod'
import type { Evaluation } from '../contract'
import type { teamOf } from './endpoints'
import { unverified } from '../verdict'

export type Team = z.infer<typeof teamOf.schema>

const limits: Readonly<Record<string, string>> = {
  saml: 'its single sign-on',
  mfa: 'its rule for second factors',
  scope: 'the permissions of the installation',
  invalidated: 'an order to renew all tokens',
}

/** Why nothing can be said of the team's settings, or null. */
export function limitedView(team: Team): Evaluation | null {
  const by = team.limitedBy ?? []
  if (team.limited !== true && by.length === 0) return null
  const named = by.filter(limit => Object.hasOwn(limits, limit)).map(limit => limits[limit])
  return unverified(`Vercel shows a part of the team only${named.length > 0 ? `, because of ${named.join(' and ')}` : ''}.`, { limited_by: by.slice(0, 10) })
}
