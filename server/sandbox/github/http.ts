import { answersOf } from '../kit/http'

export const { json, empty, redirect, html } = answersOf('github')

const documentation = 'https://docs.github.com/rest'

/** GitHub's error body; `status` repeats the number as text. */
export function message(status: number, text: string, headers: Record<string, string> = {}): Response {
  return json({ message: text, documentation_url: documentation, status: String(status) }, status, headers)
}
