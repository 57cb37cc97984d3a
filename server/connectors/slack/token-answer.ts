/**
 * `oauth.v2.access`, https://docs.slack.dev/reference/methods/oauth.v2.access. One answer to an authorization code brings up to
 * two tokens, the app's own (bot) at the top and the person's in `authed_user`; the answer to a refresh token brings one, at the
 * top, whichever it is. Refusals are a 200 with `ok: false`, which the caller has dealt with before.
 */
import { z } from 'zod'
import type { GrantFacts, TokenSet } from '../contract'

const token = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().nullish(),
  // Without token rotation there is none. One that is no positive number counts as none named.
  expires_in: z.number().int().positive().nullish().catch(undefined),
  // A token of a type that we do not understand must not be used (RFC 6749 section 7.1).
  token_type: z.enum(['bot', 'user']).nullish(),
  scope: z.string().nullish().catch(undefined),
})
type Token = z.infer<typeof token>

const identified = z.object({ id: z.string().regex(/^[A-Z0-9]{2,40}$/) }).nullish()

const about = z.object({
  ok: z.literal(true),
  team: identified,
  enterprise: identified,
  is_enterprise_install: z.boolean().nullish(),
  authed_user: z.object({ id: z.string().nullish().catch(undefined), access_token: z.string().nullish() }).nullish(),
})
type About = z.infer<typeof about>

export const tokenAnswer: z.ZodType<TokenSet> = z.looseObject({}).transform((answer, context): TokenSet => {
  const known = about.safeParse(answer)
  const person = known.data?.authed_user?.access_token ? token.safeParse(answer.authed_user) : undefined
  // Where only a person's permissions were granted that token is all there is; what it may not read is then said by name.
  const main = answer.access_token === undefined && person ? person : token.safeParse(answer)
  if (!known.success || !main.success || person?.success === false) {
    context.addIssue('This is no grant')
    return z.NEVER
  }
  return {
    ...tokens(main.data),
    facts: facts(known.data),
    ...(person && person !== main && { extra: { user: tokens(person.data) } }),
  }
})

function tokens(one: Token): TokenSet {
  return { accessToken: one.access_token, refreshToken: one.refresh_token || undefined, expiresIn: one.expires_in ?? undefined, scopes: permissions(one.scope) }
}

/** Undefined unless all of it is in Slack's words: an empty or a strange list says nothing about what was granted. */
function permissions(scope: string | null | undefined): string[] | undefined {
  const names = scope?.split(',').filter(Boolean) ?? []
  return names.length > 0 && names.every(name => /^[a-z][\w.:-]*$/.test(name)) ? names : undefined
}

/** Whose grant it is. The person's id tells whose token is meant when Slack reports one as revoked. */
function facts({ team, enterprise, is_enterprise_install, authed_user }: About): GrantFacts {
  return {
    ...(is_enterprise_install ? enterprise && { enterprise_id: enterprise.id } : team && { team_id: team.id }),
    ...(authed_user?.id && authed_user.access_token && { user_id: authed_user.id }),
  }
}
