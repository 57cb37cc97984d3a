/**
 * Vercel's connectable-account integrations, https://vercel.com/docs/integrations/create-integration/vercel-api-integrations:
 * the person installs the integration on a team or a personal account, and the callback carries a code for a token that has
 * no stated end and nothing to renew it with. Not "Sign in with Vercel", which identifies people and reads no projects.
 *
 * What the callback says beside the code (`configurationId`, `teamId`, `next`, `source`) anybody can put there, so none of it
 * is kept: which installation, team and person a token belongs to is what the token endpoint answers.
 */
import { z } from 'zod'
import { ProviderError } from '#server/errors'
import type { GrantFacts, OAuth2, Settings, SettingDescription, TokenSet } from '../contract'

/** Part of later paths and queries. */
const id = z.string().regex(/^[\w-]{1,100}$/)

const tokenAnswer: z.ZodType<TokenSet> = z.object({
  access_token: z.string().min(1),
  // RFC 6749 section 7.1: a token of a type that we do not understand must not be used.
  token_type: z.string().regex(/^bearer$/i).nullish(),
  installation_id: id.nullish(),
  user_id: id.nullish(),
  // Null: a personal account. One that could not be read would read the personal account in the team's place.
  team_id: id.nullish(),
}).transform(({ access_token, installation_id, user_id, team_id }) => ({
  accessToken: access_token,
  facts: {
    ...(installation_id && { installation_id }),
    ...(user_id && { user_id }),
    ...(team_id && { team_id }),
  },
}))

export const slugSetting: SettingDescription = {
  name: 'INTEGRATION_SLUG',
  description: 'The URL slug of the integration, from its page in the Integrations Console. Without it: allyship.',
  secret: false,
  required: false,
  // https://vercel.com/docs/integrations/create-integration/submit-integration#url-slug
  pattern: /^[a-z0-9-]{1,32}$/i,
}

function authorizePath(settings: Settings): string {
  return `/integrations/${encodeURIComponent(settings[slugSetting.name] ?? 'allyship')}/new`
}

/** `DELETE /v1/integrations/configuration/{id}` uninstalls. Without an id there is none to call: 404 would read as "gone". */
function uninstallPath({ facts }: { facts: GrantFacts }): string {
  if (!facts.installation_id) throw new ProviderError('refused', 'DELETE /v1/integrations/configuration')
  const team = facts.team_id ? `?${new URLSearchParams({ teamId: facts.team_id })}` : ''
  return `/v1/integrations/configuration/${encodeURIComponent(facts.installation_id)}${team}`
}

export const authorization = {
  kind: 'oauth2',
  authorizePath,
  tokenPath: '/v2/oauth/access_token',
  tokenBase: 'api',
  // From the marketplace, a deploy button or the team's own settings: `source` says where, and there is no state.
  startsElsewhere: true,
  // The start address takes `state` alone and the token endpoint four fields: no response_type, no grant_type.
  sendsTypes: false,
  pkce: 'none',
  clientAuthentication: 'body',
  // As `scopes` of a configuration names them; what each opens: https://vercel.com/docs/integrations/install-an-integration/manage-integrations-reference
  scopes: [
    { name: 'read-write:integration-configuration', reason: 'Read which projects the installation may see, and uninstall it when the connection is removed here' },
    { name: 'read:team', reason: 'Read the team\'s name, sign-on rules, policies and the roles of its members' },
    { name: 'read:user', reason: 'Read whose account it is, when it is installed on a personal account' },
    { name: 'read:project', reason: 'List the projects and read their settings and domains; no deployment, log or source is read' },
    { name: 'read-write:global-project-env-vars', reason: 'Optional, for the checks under "secrets", which are off by default: read names, types and targets of environment variables. Vercel offers no reading without writing; no value is asked for' },
  ],
  // What is granted is what the Integrations Console says: none is sent.
  scopeSeparator: null,
  scopeCovers: (granted: string, needed: string) => granted === needed.replace(/^read:/, 'read-write:'),
  tokenAnswer,
  revocation: {
    method: 'DELETE',
    base: 'api',
    path: uninstallPath,
    request: () => ({ encoding: 'json', body: {}, authorization: 'bearer' }),
    alreadyGone: [404],
    covers: ['access_token'],
  },
  // Vercel's own link to "Integrations" of whichever team is chosen there.
  manualRevocationUrl: 'https://vercel.com/d?to=%2F%5Bteam%5D%2F%7E%2Fintegrations&title=Go+to+Integrations',
} satisfies OAuth2
