import { describe, expect, it } from 'vitest'
import { parseForm } from '../../support/consent.ts'
import { CookieJar } from '../../support/cookie-jar.ts'

const headers = (...cookies: string[]) => new Headers(cookies.map(cookie => ['set-cookie', cookie]))

describe('the cookie jar', () => {
  it('sends what was set, where it was set for', () => {
    const jar = new CookieJar()
    jar.store(headers('session=a=b; Path=/; HttpOnly', 'flow=1; Path=/api/auth; Max-Age=600'))
    expect(jar.header('/api/auth/supabase/login')).toBe('session=a=b; flow=1')
    expect(jar.header('/api/authentic')).toBe('session=a=b')
  })

  it('forgets what the server removes', () => {
    const jar = new CookieJar()
    jar.store(headers('a=1; Path=/', 'b=1; Path=/', 'c=1; Path=/'))
    jar.store(headers('a=; Path=/; Max-Age=0', 'b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'))
    expect(jar.header('/')).toBe('c=1')
  })

  it('copies without sharing', () => {
    const jar = new CookieJar()
    jar.store(headers('a=1'))
    const copy = jar.copy()
    jar.clear()
    expect([jar.header('/'), copy.header('/')]).toEqual(['', 'a=1'])
  })
})

describe('parseForm', () => {
  it('reads the action and the hidden fields, decoded', () => {
    const { action, fields } = parseForm('<form method="post" action="/a?b=1&amp;c=2"><input type="hidden" name="state" value="&quot;x&quot;"><button name="decision" value="deny">No</button></form>')
    expect([action, fields.toString()]).toEqual(['/a?b=1&c=2', 'state=%22x%22'])
  })

  it('fails with the page when there is no form', () => {
    expect(() => parseForm('<p>Refused</p>')).toThrow('<p>Refused</p>')
  })
})
