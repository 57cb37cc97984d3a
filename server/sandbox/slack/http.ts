import { answersOf } from '../kit/http'
import type { JsonValue } from '../store'

export const { json, redirect, html } = answersOf('slack')

type Fields = { [key: string]: JsonValue }

/** Slack answers 200, whatever came of it. */
export function ok(fields: Fields = {}): Response {
  return json({ ok: true, ...fields })
}

/** A refusal: 200 too, but for the one on rates. */
export function no(error: string, fields: Fields = {}, status = 200, headers: Record<string, string> = {}): Response {
  return json({ ok: false, error, ...fields }, status, headers)
}
