/** What the two checks of second factors share. */
import type { z } from 'zod'
import type { Evaluation, Evidence } from '../contract'
import { fail, notApplicable, unverified } from '../verdict'
import type { Member, workspace } from './endpoints'

type Team = z.infer<typeof workspace.schema>['team']

export const factorUrl = 'https://slack.com/help/articles/212221668-Mandatory-workspace-two-factor-authentication'

/** Slack leaves the field out of every answer to somebody who is no owner or admin. */
export function hidden(people: readonly Member[]): boolean {
  return people.every(one => typeof one.has_2fa !== 'boolean')
}

export const hiddenAnswer = unverified('Slack shows second factors to owners and admins only: reconnect as one of them.', { reason: 'role' })

/** With single sign-on Slack knows nothing of a second factor: that is the identity provider's. */
export function failUnlessSso(team: Team, summary: string, evidence: Evidence): Evaluation {
  const provider = team.sso_provider
  if (!provider || provider.type === 'none' || provider.type === '') return fail(summary, evidence)
  if (!provider.type) return unverified('Slack did not say whether people sign in through an identity provider.', evidence)
  return notApplicable('People sign in through an identity provider, which asks for their second factor.', { ...evidence, sign_in: provider.type })
}
