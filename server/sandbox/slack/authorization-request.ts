/**
 * https://docs.slack.dev/authentication/installing-with-oauth. Slack shows a page of its own for everything that is wrong with a
 * request; only the person's "no" goes back to the app. Stricter here: a state is required.
 */
import { scopeList } from './installation'
import { permissions } from './permissions'

export interface AuthorizationRequest {
  clientId: string
  redirectUri: string
  state: string
  botScopes: string[]
  userScopes: string[]
  /** Only this workspace is offered; null: the person chooses. */
  team: string | null
}

export type ReadRequest = { ok: AuthorizationRequest } | { page: string }

const known = ['client_id', 'scope', 'user_scope', 'redirect_uri', 'state', 'team', 'response_type']

export function readAuthorizationRequest(parameters: URLSearchParams, expected: { clientId: string, redirectUris: readonly string[] }): ReadRequest {
  const repeated = known.filter(name => parameters.getAll(name).length > 1)
  if (repeated.length > 0) return { page: `${repeated.join(', ')} came more than once.` }
  const [clientId, redirectUri, state] = ['client_id', 'redirect_uri', 'state'].map(name => parameters.get(name))
  if (clientId !== expected.clientId || !clientId) return { page: 'invalid_client_id: no app has this client_id.' }
  if (!redirectUri || !expected.redirectUris.includes(redirectUri)) return { page: 'bad_redirect_uri: the redirect_uri is not one that this app has registered.' }
  if (!state) return { page: 'The state is missing.' }
  if (parameters.has('code_challenge')) return { page: 'pkce_not_allowed: this app has not opted in to PKCE.' }
  if ((parameters.get('response_type') ?? 'code') !== 'code') return { page: 'invalid_response_type: only code is known.' }

  const botScopes = scopeList(parameters.get('scope'))
  const userScopes = scopeList(parameters.get('user_scope'))
  if (botScopes.length + userScopes.length === 0) return { page: 'no_scopes: no permission was asked for.' }
  const unknown = [...botScopes, ...userScopes].filter(scope => !Object.hasOwn(permissions, scope))
  if (unknown.length > 0) return { page: `invalid_scope: ${unknown.join(', ')}` }
  return { ok: { clientId, redirectUri, state, botScopes, userScopes, team: parameters.get('team') || null } }
}
