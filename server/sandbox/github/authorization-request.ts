/**
 * What an application may ask for. GitHub sends a wrong redirect address's error to the registered one; here the person sees a
 * page, as RFC 6749 section 4.1.2.1 has it. Stricter than GitHub: state and PKCE are required.
 */
export interface AuthorizationRequest { clientId: string, redirectUri: string, state: string, scope: string, challenge: string | null }

interface Registered { clientId: string, redirectUris: readonly string[] }

export type ReadRequest
  = | { ok: AuthorizationRequest }
    | { page: string }
    | { redirect: { redirectUri: string, state: string | null, error: string, description: string } }

const known = ['client_id', 'redirect_uri', 'response_type', 'state', 'code_challenge', 'code_challenge_method', 'scope']

export function readAuthorizationRequest(parameters: URLSearchParams, expected: Registered): ReadRequest {
  const repeated = known.filter(name => parameters.getAll(name).length > 1)
  const clientId = parameters.get('client_id')
  const redirectUri = parameters.get('redirect_uri')
  const state = parameters.get('state')
  if (repeated.includes('client_id') || clientId !== expected.clientId) return { page: 'No application is registered under this client_id.' }
  if (repeated.includes('redirect_uri') || redirectUri === null || !expected.redirectUris.includes(redirectUri)) {
    return { page: 'The redirect_uri is not one that this application has registered.' }
  }
  const refuse = (description: string): ReadRequest => ({ redirect: { redirectUri, state, error: 'invalid_request', description } })
  if (repeated.length > 0) return refuse(`${repeated.join(', ')} came more than once`)
  if (!state) return refuse('state is missing')
  const challenge = parameters.get('code_challenge')
  if (parameters.get('code_challenge_method') !== 'S256') return refuse('code_challenge_method must be S256')
  if (challenge === null || !/^[\w-]{43}$/.test(challenge)) return refuse('code_challenge must be 43 base64url characters')
  return { ok: { clientId, redirectUri, state, challenge, scope: parameters.get('scope') ?? '' } }
}

/** The page of the app's installation takes `state` and nothing that GitHub does not document; what comes back goes to the first address. */
export function readInstallRequest(parameters: URLSearchParams, { clientId, redirectUris: [redirectUri] }: Registered): ReadRequest {
  const [state, ...more] = parameters.getAll('state')
  if (redirectUri === undefined) return { page: 'This application has no callback address.' }
  const others = [...parameters.keys()].filter(name => name !== 'state')
  if (others.length > 0) return { page: `The page of an installation does not take ${others.join(', ')}.` }
  if (!state || more.length > 0) return { page: 'state is missing, or came more than once.' }
  return { ok: { clientId, redirectUri, state, scope: '', challenge: null } }
}
