/** The answers' shapes. Every one carries the marker, so that nobody takes a stand-in for the provider. */
import type { JsonValue } from '../store'

export type Answers = ReturnType<typeof answersOf>

/** @param provider its id: stands in `X-Sandbox` */
export function answersOf(provider: string) {
  const marker = { 'x-sandbox': provider, 'cache-control': 'no-store' }
  return {
    json(body: JsonValue, status = 200, headers: Record<string, string> = {}): Response {
      return Response.json(body, { status, headers: { ...marker, ...headers } })
    },

    empty(status: number, headers: Record<string, string> = {}): Response {
      return new Response(null, { status, headers: { ...marker, ...headers } })
    },

    /** 303, so that the browser turns the form's POST into a GET. */
    redirect(location: string, headers: Record<string, string> = {}): Response {
      return new Response(null, { status: 303, headers: { ...marker, location, 'referrer-policy': 'no-referrer', ...headers } })
    },

    html(body: string, status: number, formTargets = ''): Response {
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
    },
  }
}

/** Adds to the query that an address may have already; null parameters are left out. */
export function withParameters(address: string, parameters: Readonly<Record<string, string | null>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.set(name, value)
  }
  return url.href
}

export function isForm(request: Request): boolean {
  return /^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers.get('content-type') ?? '')
}

/** The token of `Authorization: Bearer`, or of GitHub's `token`; undefined without one. */
export function bearerOf(request: Request): string | undefined {
  return /^(?:Bearer|token) (\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
