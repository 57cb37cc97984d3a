/**
 * RFC 6749 section 4.1.1: what an application may ask for. Until client and redirect address are known to be right nothing is
 * sent there (section 4.1.2.1): the person sees a page instead. Scopes and PKCE are unknown to Netlify's documents, and refused
 * here, so that nobody comes to rest on them.
 */
export interface AuthorizationRequest { clientId: string, redirectUri: string, state: string }

export type ReadRequest
  = | { ok: AuthorizationRequest }
    | { page: string }
    | { redirect: { redirectUri: string, state: string | null, error: string, description: string } }

const known = ['client_id', 'redirect_uri', 'response_type', 'state']

/** @param own names of the page's own fields, which come back with the answer */
export function readAuthorizationRequest(
  parameters: URLSearchParams, expected: { clientId: string, redirectUris: readonly string[] }, own: readonly string[] = [],
): ReadRequest {
  const names = [...parameters.keys()]
  const repeated = known.filter(name => parameters.getAll(name).length > 1)
  const redirectUri = parameters.get('redirect_uri')
  const state = parameters.get('state')
  if (repeated.includes('client_id') || parameters.get('client_id') !== expected.clientId) return { page: 'No application is registered under this client_id.' }
  if (repeated.includes('redirect_uri') || redirectUri === null || !expected.redirectUris.includes(redirectUri)) {
    return { page: 'The redirect_uri is not one that this application has registered.' }
  }

  const refuse = (description: string, error = 'invalid_request'): ReadRequest => ({ redirect: { redirectUri, state, error, description } })
  if (repeated.length > 0) return refuse(`${repeated.join(', ')} came more than once`)
  if (!state) return refuse('state is missing')
  if (parameters.get('response_type') !== 'code') return refuse('response_type must be code', 'unsupported_response_type')
  const unknown = names.filter(name => !known.includes(name) && !own.includes(name))
  if (unknown.length > 0) return refuse(`Unknown parameter: ${unknown.join(', ')}`)
  return { ok: { clientId: expected.clientId, redirectUri, state } }
}
