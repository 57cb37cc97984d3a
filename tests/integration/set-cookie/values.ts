/** What cookies hold, taken apart as far as anybody could who has them, and the key as well. */
import { Buffer } from 'node:buffer'
import { openFlow } from '#server/oauth/state'
import type { SetCookie } from './known.ts'

/** The cookies of one answer as a browser hands them back: the parts of a long one are one value again. */
export function wholeValues(cookies: SetCookie[]): { call: string, name: string, value: string }[] {
  const whole = new Map<string, { call: string, name: string, value: string }>()
  for (const { call, name, value } of cookies) {
    const base = name.replace(/\.\d$/, '')
    const known = whole.get(base)
    whole.set(base, { call, name: base, value: (known?.value ?? '') + percentDecoded(value) })
  }
  return [...whole.values()].filter(({ value }) => value !== '')
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  }
  catch {
    return text
  }
}

/** The text, and every text in it that an encoding hides: percent, JSON, base64 and base64url, as deep as it goes. */
export function decodings(text: string, depth = 0): string[] {
  if (depth > 6 || text === '') return []
  const inner = new Set<string>([percentDecoded(text), ...stringsOfJson(text)])
  // Sealed and signed things are several base64url texts with dots between them; @supabase/ssr puts a word before its own.
  for (const part of [text, ...text.split(/[.:;,\s]|base64-/)]) {
    if (!/^[\w+/-]{8,}={0,2}$/.test(part)) continue
    for (const encoding of ['base64', 'base64url'] as const) {
      const bytes = Buffer.from(part, encoding)
      inner.add(bytes.toString('utf8')).add(bytes.toString('latin1'))
    }
  }
  inner.delete(text)
  // What no longer reads as text is the end of it.
  return [text, ...[...inner].flatMap(one => /^[\t\n\r\x20-\x7E\u0080-\u{10FFFF}]*$/u.test(one) ? decodings(one, depth + 1) : [one])]
}

function stringsOfJson(text: string): string[] {
  const strings: string[] = []
  try {
    JSON.parse(text, (key, value: unknown) => {
      strings.push(key)
      if (typeof value === 'string') strings.push(value)
    })
  }
  catch { /* no JSON */ }
  return strings
}

/** A consent's cookie opened with the installation's key, without the verifier, which it is there to keep. */
export function openedFlow(value: string): string {
  const { codeVerifier: _, ...rest } = openFlow(value)
  return JSON.stringify(rest)
}

/** The session's own JSON. */
export function openedSession(value: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(value.slice('base64-'.length), 'base64url').toString('utf8')) as Record<string, unknown>
}
