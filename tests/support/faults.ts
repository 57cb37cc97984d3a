/** Ways in which a provider fails, as they look on the wire. */
import type { ServerResponse } from 'node:http'

export type FaultKind
  = | 'slow' // takes the request and never answers
    | 'html' // 200 with a page, as a proxy or a login wall sends it
    | 'huge' // 200 with JSON of more than 5 MB
    | 'not_json' // 200, says JSON, is none
    | 'server_error' // 500
    | 'wrong_shape' // 200 with JSON of another shape
    | 'redirect' // 302 to somewhere else
    | 'unauthorized' // 401
    | 'forbidden' // 403
    | 'rate_limited' // 429 with Retry-After
    | 'reset' // the connection is torn down

/** A test's own answer; `pass` gives what the provider would have answered. */
export type Respond = (request: Request, pass: () => Promise<Response>) => Response | Promise<Response>

export interface Fault {
  kind: FaultKind | Respond
  /** Which calls: a path's beginning, such as `/v1/projects`. Default: all but the consent page. */
  path?: string | RegExp
  /** `refresh_token`, `authorization_code`: token calls of this grant only. */
  grantType?: string
  /** How often, then never again. Default: until `clearFaults`. */
  times?: number
  /** For `rate_limited`. Default 1. */
  retryAfterSeconds?: number
}

const HUGE = 6 * 1024 * 1024

/** Answers with the fault. Null: the connection was dealt with. */
export function faultResponse(fault: Fault & { kind: FaultKind }, outgoing: ServerResponse): Response | null {
  const kind: FaultKind = fault.kind
  switch (kind) {
    case 'slow': return null
    case 'reset':
      outgoing.socket?.resetAndDestroy()
      return null
    case 'html': return new Response('<!doctype html><title>Sign in</title><p>Please sign in.', { headers: { 'content-type': 'text/html' } })
    case 'huge': return new Response(JSON.stringify({ padding: 'x'.repeat(HUGE) }), { headers: { 'content-type': 'application/json' } })
    case 'not_json': return new Response('{"message": "cut sho', { headers: { 'content-type': 'application/json' } })
    case 'server_error': return Response.json({ message: 'Internal server error' }, { status: 500 })
    case 'wrong_shape': return Response.json('nothing that anybody expects')
    case 'redirect': return new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:9/elsewhere' } })
    case 'unauthorized': return Response.json({ message: 'Unauthorized' }, { status: 401 })
    case 'forbidden': return Response.json({ message: 'Forbidden resource' }, { status: 403 })
    case 'rate_limited': return Response.json({ message: 'Too many requests' }, { status: 429, headers: { 'retry-after': String(fault.retryAfterSeconds ?? 1) } })
  }
}
