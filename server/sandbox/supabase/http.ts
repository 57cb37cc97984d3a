/** The answers' shapes. Every one carries the marker, so that nobody takes a stand-in for Supabase. */
import type { JsonValue } from '../store'

const marker = { 'x-sandbox': 'supabase', 'cache-control': 'no-store' }

export function json(body: JsonValue, status = 200, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { ...marker, ...headers } })
}

/** Supabase's error body is `{"message": "..."}` for the API and the token endpoint alike. */
export function message(status: number, text: string, headers: Record<string, string> = {}): Response {
  return json({ message: text }, status, headers)
}

export function empty(status: number): Response {
  return new Response(null, { status, headers: marker })
}

/** 303, so that the browser turns the form's POST into a GET. */
export function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { ...marker, location, 'referrer-policy': 'no-referrer' } })
}

export function html(body: string, status: number, formTargets = ''): Response {
  return new Response(body, {
    status,
    headers: {
      ...marker,
      'content-type': 'text/html; charset=utf-8',
      // A consent page in somebody's frame could be clicked without being seen.
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; form-action 'self' ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      // The form's POST must carry its Origin, which `no-referrer` would turn into "null".
      'referrer-policy': 'same-origin',
    },
  })
}
