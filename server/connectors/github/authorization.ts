/**
 * A GitHub App's user authorization, or an OAuth App's: the same addresses and another kind of token.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
 * https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 *
 * A refresh ends the access token that it replaces at once, not only the refresh token. Nothing more is needed for it: the old
 * one is handed out while it lives after a refresh that failed, and where the refresh did happen and only its answer was
 * lost, a 401 leads to a further refresh, which says what is.
 */
import { z } from 'zod'
import type { OAuth2, Settings, TokenSet } from '../contract'
import { installationToken } from './installation-token'
import { permissions, scopeCovers } from './permissions'

// A lifetime that is no positive number counts as none named. Older servers send it as text.
const seconds = z.coerce.number().int().positive().nullish().catch(undefined)

const tokenAnswer: z.ZodType<TokenSet> = z.object({
  access_token: z.string().min(1),
  refresh_token: z.string().nullish(),
  expires_in: seconds,
  refresh_token_expires_in: seconds,
  // RFC 6749 section 7.1: a token of a type that we do not understand must not be used.
  token_type: z.string().regex(/^bearer$/i).nullish(),
  scope: z.string().nullish().catch(undefined),
}).transform(answer => ({
  accessToken: answer.access_token,
  refreshToken: answer.refresh_token || undefined,
  expiresIn: answer.expires_in ?? undefined,
  refreshExpiresIn: answer.refresh_token_expires_in ?? undefined,
  scopes: granted(answer.scope),
}))

/** With commas, although it is asked for with spaces. Empty for a GitHub App: its permissions are not told here. */
function granted(scope: string | null | undefined): string[] | undefined {
  const names = scope?.split(/[\s,]+/).filter(Boolean) ?? []
  return names.length > 0 && names.every(name => /^[a-z_]+(?::[a-z_]+)?$/.test(name)) ? names : undefined
}

/** With the app's name the person comes past its installation; without it, to consent only. */
function installPath({ APP_SLUG: slug }: Settings): string | null {
  if (!slug) return null
  const path = (slug.includes('/') ? slug : `apps/${slug}`).split('/').map(encodeURIComponent).join('/')
  return `/${path}/installations/new`
}

export const authorization = {
  kind: 'oauth2',
  authorizePath: '/login/oauth/authorize',
  // https://docs.github.com/en/apps/sharing-github-apps/sharing-your-github-app names `state`, and no other parameter of ours.
  installPath,
  tokenPath: '/login/oauth/access_token',
  callbackFacts: ['installation_id', 'setup_action'],
  // A member may ask for the installation; an owner decides later, and nobody comes back here.
  waitsForApproval: { setup_action: 'request' },
  pkce: 'S256',
  clientAuthentication: 'body',
  scopes: permissions,
  scopeSeparator: ' ',
  scopeCovers,
  tokenAnswer,
  minting: installationToken,
  revocation: {
    // https://docs.github.com/en/rest/apps/oauth-applications. Not `/token`, which ends all tokens that the person gave this app: another
    // organization may have connected another account by the same person.
    method: 'DELETE',
    base: 'api',
    path: ({ clientId }) => `/applications/${encodeURIComponent(clientId)}/token`,
    request: ({ accessToken }) => ({ encoding: 'json', body: { access_token: accessToken }, authorization: 'basic' }),
    alreadyGone: [404, 422],
    covers: ['access_token'],
    ends: 'tokens',
  },
  lifetimes: {
    idleSeconds: 365 * 24 * 3600,
    refreshTokenSeconds: 184 * 24 * 3600,
    source: 'https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation',
  },
  manualRevocationUrl: 'https://github.com/settings/apps/authorizations',
} satisfies OAuth2
