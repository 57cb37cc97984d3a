/**
 * RFC 6749 section 4.1.1 with RFC 7636: what an application may ask for. Until client and redirect address are known
 * to be right nothing is sent there (section 4.1.2.1): the person sees a page instead.
 */
export interface AuthorizationRequest { clientId: string, redirectUri: string, state: string, challenge: string }

export type ReadRequest
  = | { ok: AuthorizationRequest }
    | { page: string }
    | { redirect: { redirectUri: string, state: string | null, error: string, description: string } }

const known = ['client_id', 'redirect_uri', 'response_type', 'state', 'code_challenge', 'code_challenge_method', 'organization_slug']

export function readAuthorizationRequest(
  parameters: URLSearchParams,
  expected: { clientId: string, redirectUris: readonly string[], organizationSlug: string },
): ReadRequest {
  const repeated = known.filter(name => parameters.getAll(name).length > 1)
  const clientId = parameters.get('client_id')
  const redirectUri = parameters.get('redirect_uri')
  const state = parameters.get('state')
  if (repeated.includes('client_id') || clientId !== expected.clientId) return { page: 'No application is registered under this client_id.' }
  if (repeated.includes('redirect_uri') || redirectUri === null || !expected.redirectUris.includes(redirectUri)) {
    return { page: 'The redirect_uri is not one that this application has registered.' }
  }
  // Supabase's guide: both together fit in 4 kB.
  if (redirectUri.length + (state?.length ?? 0) > 4096) return { page: 'The redirect_uri and the state are longer than 4 kB.' }

  const refuse = (description: string, error = 'invalid_request'): ReadRequest => ({ redirect: { redirectUri, state, error, description } })
  if (repeated.length > 0) return refuse(`${repeated.join(', ')} came more than once`)
  if (!state) return refuse('state is missing')
  if (parameters.get('response_type') !== 'code') return refuse('response_type must be code', 'unsupported_response_type')
  const challenge = parameters.get('code_challenge')
  if (parameters.get('code_challenge_method') !== 'S256') return refuse('code_challenge_method must be S256')
  if (challenge === null || !/^[\w-]{43}$/.test(challenge)) return refuse('code_challenge must be 43 base64url characters')
  const organization = parameters.get('organization_slug')
  if (organization !== null && organization !== expected.organizationSlug) return refuse('You are no member of that organization', 'access_denied')
  return { ok: { clientId, redirectUri, state, challenge } }
}
