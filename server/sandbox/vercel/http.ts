import type { JsonValue } from '../store'
import { answersOf } from '../kit/http'

export const { json, empty, redirect, html } = answersOf('vercel')

/** Vercel's error body, for the API and the token endpoint alike. */
export function refuse(status: number, code: string, message: string, more: Record<string, JsonValue> = {}, headers: Record<string, string> = {}): Response {
  return json({ error: { code, message, ...more } }, status, headers)
}

/** What every call gets that may not be made: Vercel has no 401. */
export const notAuthorized = () => refuse(403, 'forbidden', 'Not authorized')
