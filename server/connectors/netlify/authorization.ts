/**
 * Netlify's OAuth: the person consents at app.netlify.com, the code is redeemed at api.netlify.com
 * (https://docs.netlify.com/api-and-cli-guides/api-guides/get-started-with-api/). The token endpoint is used by everybody and
 * described by nobody: RFC 6749 with the client's credentials in the body, no lifetime and, as a rule, no refresh token. If
 * Netlify ever sends them they are honoured. PKCE is not documented, so it is not sent. A password reset ends every token of the
 * person, without a word: the next call is answered with 401.
 */
import { z } from 'zod'
import type { OAuth2, TokenSet } from '../contract'
import { scope } from './endpoints'

const tokenAnswer: z.ZodType<TokenSet> = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().nullish(),
  expires_in: z.number().int().positive().nullish().catch(undefined),
  // RFC 6749 section 7.1: a token of a type that we do not understand must not be used.
  token_type: z.string().regex(/^bearer$/i).nullish(),
}).transform(answer => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token || undefined,
  expiresIn: answer.expires_in ?? undefined,
  // Netlify has no scopes: whatever `scope` says, it says nothing about what was granted.
  scopes: undefined,
}))

export const authorization = {
  kind: 'oauth2',
  authorizePath: '/authorize',
  tokenPath: '/oauth/token',
  tokenBase: 'api',
  pkce: 'none',
  clientAuthentication: 'body',
  scopes: [{
    name: scope,
    reason: 'Everything the person who connects may do, changes included: Netlify has no narrower permission. This product only ever reads',
  }],
  scopeSeparator: null,
  tokenAnswer,
  revocation: null,
  manualRevocationUrl: 'https://app.netlify.com/user/applications',
} satisfies OAuth2
