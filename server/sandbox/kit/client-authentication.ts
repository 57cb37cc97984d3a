import { same } from './hash'

export interface Client { clientId: string, clientSecret: string }

/** How a client showed itself: `known`, or what is wrong. */
export type ClientProof = 'known' | 'missing' | 'wrong' | 'twice'

/**
 * RFC 6749 section 2.3.1: HTTP Basic, or the same two as form fields, never both.
 * @param ways those that the provider takes
 */
export function proveClient(request: Request, form: URLSearchParams, client: Client, ways: readonly ('basic' | 'body')[]): ClientProof {
  const header = ways.includes('basic') ? request.headers.get('authorization') : null
  if (header !== null && form.has('client_secret')) return 'twice'
  const sent = header === null ? ways.includes('body') ? fromBody(form) : null : fromBasic(header)
  if (!sent) return 'missing'
  // A client_id beside Basic is allowed, another one is not.
  const named = form.get('client_id')
  const known = same(sent.clientId, client.clientId) && same(sent.clientSecret, client.clientSecret)
  return !known || (named !== null && named !== sent.clientId) ? 'wrong' : 'known'
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
