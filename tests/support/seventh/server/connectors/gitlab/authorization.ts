/**
 * GitLab's OAuth 2.0, https://docs.gitlab.com/api/oauth2/: the authorization code flow with PKCE, which GitLab recommends for
 * server applications too. A refresh ends both tokens that it replaces. That its page also sends `redirect_uri` along with a
 * refresh is RFC 6749's "optional": it only has to fit where it is sent.
 */
import { z } from 'zod'
import type { OAuth2, TokenSet } from '../contract'

const tokenAnswer: z.ZodType<TokenSet> = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().nullish(),
  expires_in: z.number().int().positive().nullish().catch(undefined),
  // RFC 6749 section 7.1: a token of a type that we do not understand must not be used.
  token_type: z.string().regex(/^bearer$/i).nullish(),
  scope: z.string().nullish().catch(undefined),
}).transform(answer => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token || undefined,
  expiresIn: answer.expires_in ?? undefined,
  scopes: answer.scope?.split(' ').filter(Boolean),
}))

export const authorization = {
  kind: 'oauth2',
  authorizePath: '/oauth/authorize',
  tokenPath: '/oauth/token',
  pkce: 'S256',
  clientAuthentication: 'body',
  // https://docs.gitlab.com/integration/oauth_provider/#view-all-authorized-applications
  scopes: [{ name: 'read_api', reason: 'List the projects that you maintain and read their protected branches and CI/CD settings; GitLab has no narrower permission for these, and no file is read' }],
  scopeSeparator: ' ',
  scopeCovers: (granted: string, needed: string) => granted === 'api' && needed === 'read_api',
  tokenAnswer,
  revocation: {
    // https://docs.gitlab.com/api/oauth2/#revoke-a-token: 200 and `{}`; by RFC 7009 section 2.2 also for a token that is not known.
    path: '/oauth/revoke',
    request: ({ clientId, clientSecret, accessToken }) => ({ encoding: 'form', body: { client_id: clientId, client_secret: clientSecret, token: accessToken } }),
    alreadyGone: [],
    // What becomes of the refresh token beside it the page does not say.
    covers: ['access_token'],
    ends: 'tokens',
  },
  manualRevocationUrl: 'https://gitlab.com/-/user_settings/applications',
} satisfies OAuth2
