/**
 * Supabase's OAuth server, https://supabase.com/docs/guides/integrations/build-a-supabase-oauth-integration.
 * Its token endpoint answered 201 until about June 2026 and answers 200 since; `refresh_token` may be absent, and
 * `project_refs` (null = all projects) needs no handling: the API itself shows no more than the grant covers.
 */
import { z } from 'zod'
import type { OAuth2, TokenSet } from '../contract'

const tokenAnswer: z.ZodType<TokenSet> = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().nullish(),
  // A lifetime that is no positive number counts as none named: the caller then keeps the last known one.
  expires_in: z.number().int().positive().nullish().catch(undefined),
  // RFC 6749 section 7.1: a token of a type that we do not understand must not be used.
  token_type: z.string().regex(/^bearer$/i).nullish(),
  scope: z.string().nullish().catch(undefined),
}).transform(answer => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token || undefined,
  expiresIn: answer.expires_in ?? undefined,
  scopes: permissions(answer.scope),
}))

/** Undefined unless all of it is in the documented words: an empty or a strange list says nothing about what was granted. */
function permissions(scope: string | null | undefined): string[] | undefined {
  const names = scope?.split(' ').filter(Boolean) ?? []
  return names.length > 0 && names.every(name => /^[a-z_]+:(?:read|write)$/.test(name)) ? names : undefined
}

export const authorization = {
  kind: 'oauth2',
  authorizePath: '/v1/oauth/authorize',
  tokenPath: '/v1/oauth/token',
  pkce: 'S256',
  clientAuthentication: 'basic',
  // https://supabase.com/docs/guides/integrations/build-a-supabase-oauth-integration/oauth-scopes
  scopes: [
    { name: 'organizations:read', reason: 'See which organization this is, its plan, and whether its members use a second factor' },
    { name: 'projects:read', reason: 'List the projects and read their network restrictions and Postgres version' },
    { name: 'database:read', reason: 'Read the security advisor, SSL enforcement and the dates of backups' },
    { name: 'auth:read', reason: 'Read the rules for passwords, sign-up, sessions and second factors' },
    { name: 'rest:read', reason: 'Read which schemas the Data API exposes' },
    { name: 'secrets:read', reason: 'Read whether legacy API keys are on and how tokens are signed; no key is read' },
    { name: 'storage:read', reason: 'Read which storage buckets are public' },
    { name: 'edge_functions:read', reason: 'Read whether edge functions check their caller' },
  ],
  // The `scope` parameter is deprecated: what is granted is what is ticked on the OAuth app.
  scopeSeparator: null,
  pinAccount: (slug: string) => ({ organization_slug: slug }),
  scopeCovers: (granted: string, needed: string) => granted === needed.replace(/:read$/, ':write'),
  tokenAnswer,
  revocation: {
    // JSON with the client's credentials in the body; no RFC 7009 `token` field, no Basic authentication.
    path: '/v1/oauth/revoke',
    request: ({ clientId, clientSecret, refreshToken }) => ({
      encoding: 'json',
      body: {
        client_id: clientId,
        client_secret: clientSecret,
        // Without one the provider refuses, and the person is told to revoke by hand.
        ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      },
    }),
    alreadyGone: [404, 410],
    // The whole authorization: the access token is refused from then on as well.
    covers: ['access_token', 'refresh_token'],
    // The app's authorization goes with its tokens; whether only this consent's is not said, so it is taken for the account's.
    ends: 'installation',
  },
  manualRevocationUrl: 'https://supabase.com/dashboard/org/_/apps',
} satisfies OAuth2
