import { answersOf } from '../kit/http'

export const { json, empty, redirect, html } = answersOf('supabase')

/** Supabase's error body is `{"message": "..."}` for the API and the token endpoint alike. */
export function message(status: number, text: string, headers: Record<string, string> = {}): Response {
  return json({ message: text }, status, headers)
}
