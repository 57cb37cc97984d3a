/** Lists without an end: the true first page, whichever one was asked for, and behind it always one more. */
import { z } from 'zod'
import type { JsonValue } from '../store'

/** The same request for the list's beginning, and which page it would have been. */
export function firstPage(request: Request, parameter: string, numberOf: (value: string) => number): { first: Request, asked: number } {
  const url = new URL(request.url)
  const asked = numberOf(url.searchParams.get(parameter) ?? '') || 0
  url.searchParams.delete(parameter)
  return { first: new Request(url, { method: request.method, headers: request.headers }), asked }
}

/** RFC 8288, counted by `page`. What is no list stays as it is. */
export async function endlessLinks(request: Request, answer: (request: Request) => Promise<Response>, isList: (body: unknown) => boolean): Promise<Response> {
  const { first, asked } = firstPage(request, 'page', Number)
  const answered = await answer(first)
  if (!answered.ok || !isList(await answered.clone().json().catch(() => null))) return answered
  const next = new URL(request.url)
  next.searchParams.set('page', String(Math.max(1, asked) + 1))
  const headers = new Headers(answered.headers)
  headers.set('link', `<${next.href}>; rel="next"`)
  return new Response(answered.body, { status: answered.status, headers })
}

const anyObject = z.record(z.string(), z.json())

/** @param goOn the body with a further page in it; null: it is no list */
export async function endlessBody(response: Response, goOn: (body: Record<string, JsonValue>) => JsonValue | null): Promise<Response> {
  if (!response.ok) return response
  const body = anyObject.safeParse(await response.clone().json().catch(() => null))
  const further = body.success ? goOn(body.data) : null
  return further === null ? response : Response.json(further, { status: response.status, headers: { 'x-sandbox': response.headers.get('x-sandbox') ?? '' } })
}
