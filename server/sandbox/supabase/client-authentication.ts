import { same } from './hash'
import { message } from './http'

interface Client { clientId: string, clientSecret: string }

/**
 * RFC 6749 section 2.3.1: HTTP Basic, or the same two as form fields, never both.
 * Returns the refusal, or null when it is our client.
 */
export function refuseClient(request: Request, form: URLSearchParams, client: Client): Response | null {
  const header = request.headers.get('authorization')
  if (header !== null && form.has('client_secret')) return message(400, 'Send the client credentials once: in the header or in the body')
  const sent = header === null ? fromBody(form) : fromBasic(header)
  if (!sent) return message(401, 'Client authentication is required', { 'www-authenticate': 'Basic realm="Supabase sandbox"' })
  // A client_id beside Basic is allowed, another one is not.
  const named = form.get('client_id')
  const known = same(sent.clientId, client.clientId) && same(sent.clientSecret, client.clientSecret)
  if (!known || (named !== null && named !== sent.clientId)) return message(401, 'The client id or the client secret is wrong')
  return null
}

function fromBody(form: URLSearchParams): Client | null {
  const clientId = form.get('client_id')
  const clientSecret = form.get('client_secret')
  return clientId && clientSecret ? { clientId, clientSecret } : null
}

function fromBasic(header: string): Client | null {
  const encoded = /^Basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1]
  const [, id, secret] = encoded ? /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [] : []
  if (id === undefined || secret === undefined) return null
  try {
    return { clientId: formDecode(id), clientSecret: formDecode(secret) }
  }
  catch {
    return null
  }
}

/** Both halves are form-encoded before base64. */
function formDecode(value: string): string {
  return decodeURIComponent(value.replaceAll('+', ' '))
}
