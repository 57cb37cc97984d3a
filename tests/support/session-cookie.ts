/** What the session cookie of a jar holds: a test may look where no script of a page can. */
import { Buffer } from 'node:buffer'
import type { CookieJar } from './cookie-jar.ts'

export interface StoredSession { access_token: string, refresh_token: string, expires_at: number, expires_in: number }

const isPart = (name: string) => /^session(?:\.\d+)?$/.test(name)

/** @throws when nobody is signed in */
export function readSessionCookie(jar: CookieJar): StoredSession {
  const text = jar.all().filter(cookie => isPart(cookie.name)).sort((a, b) => a.name.localeCompare(b.name))
    .map(cookie => decodeURIComponent(cookie.value)).join('')
  if (!text.startsWith('base64-')) throw new Error('There is no session cookie')
  return JSON.parse(Buffer.from(text.slice('base64-'.length), 'base64url').toString()) as StoredSession
}

/** Writes it back changed: as if an hour had passed, or as if somebody had tampered with it. */
export function changeSessionCookie(jar: CookieJar, change: Partial<StoredSession>): void {
  const value = `base64-${Buffer.from(JSON.stringify({ ...readSessionCookie(jar), ...change })).toString('base64url')}`
  const headers = new Headers()
  for (const { name, path } of jar.all().filter(cookie => isPart(cookie.name))) headers.append('set-cookie', `${name}=; Path=${path}; Max-Age=0`)
  // A browser takes at most 4096 bytes a cookie; larger sessions come in parts.
  const parts = value.match(/.{1,3000}/g) ?? []
  parts.forEach((part, index) => headers.append('set-cookie', `${parts.length > 1 ? `session.${index}` : 'session'}=${part}; Path=/; HttpOnly`))
  jar.store(headers)
}

export const expireAccessToken = (jar: CookieJar) => changeSessionCookie(jar, { expires_at: Math.floor(Date.now() / 1000) - 60 })
