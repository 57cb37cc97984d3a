/**
 * Slack's OAuth v2, https://docs.slack.dev/authentication/installing-with-oauth. No PKCE: an app that opts in becomes a public
 * client for good, whose refresh tokens all end after 30 days, and one that has not is refused a challenge
 * (https://docs.slack.dev/authentication/using-pkce). Tokens expire only where the app has token rotation.
 */
import type { OAuth2 } from '../contract'
import { tokenAnswer } from './token-answer'

/** What the person's own token is asked for. Slack shows second factors to owners and admins, never to an app. */
export const userScopes = ['users:read'] as const

export const authorization = {
  kind: 'oauth2',
  authorizePath: '/oauth/v2/authorize',
  tokenPath: '/api/oauth.v2.access',
  tokenBase: 'api',
  pkce: 'none',
  clientAuthentication: 'basic',
  // https://docs.slack.dev/reference/scopes. None of them reads a message or a file, and none changes anything.
  scopes: [
    { name: 'team:read', reason: 'See which workspace this is, and who may join it' },
    { name: 'users:read', reason: 'List the members with their roles and, with the connecting admin\'s own permission, whether a second factor is used' },
    { name: 'team.preferences:read', reason: 'Read who may edit and delete messages and post to #general' },
    { name: 'channels:read', reason: 'Read which public channels are shared with other organizations' },
    { name: 'groups:read', reason: 'Read the same of private channels that the app was added to' },
  ],
  scopeSeparator: ',',
  authorizeParameters: { user_scope: userScopes.join(',') },
  // The page takes a workspace, not an organization.
  pinAccount: (account): Readonly<Record<string, string>> => account.startsWith('T') ? { team: account } : {},
  slots: ['user'],
  tokenAnswer,
  revocation: {
    // One token each, https://docs.slack.dev/reference/methods/auth.revoke. Never `apps.uninstall`: it removes the app for
    // everybody in the workspace.
    path: '/api/auth.revoke',
    base: 'api',
    request: () => ({ encoding: 'form', body: {}, authorization: 'bearer' }),
    alreadyGone: [],
    // Not `invalid_auth`, which also is what an address outside of the workspace's allow-list gets.
    alreadyGoneErrors: ['token_revoked', 'account_inactive'],
    // The method speaks of access tokens only; what becomes of the refresh token is not documented.
    covers: ['access_token'],
  },
  manualRevocationUrl: 'https://slack.com/apps/manage',
} satisfies OAuth2
