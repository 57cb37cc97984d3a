import { answersOf } from '../kit/http'

export const { json, empty, redirect, html } = answersOf('netlify')

/** Netlify's error body: `code` repeats the status. */
export function refuse(status: number, message: string, headers: Record<string, string> = {}): Response {
  return json({ code: status, message }, status, headers)
}

/** A path that the API does not have is answered in plain text. */
export function noSuchPath(): Response {
  return new Response('Not Found', { status: 404, headers: { 'x-sandbox': 'netlify', 'cache-control': 'no-store', 'content-type': 'text/plain' } })
}
