/** The cookies of consents under way, sent to the routes below /api/auth only. */
import { deleteCookie, getCookie, parseCookies, setCookie, type H3Event } from 'h3'
import { cookieOptions } from '#server/accounts/session'
import { flowLifetimeSeconds } from '#server/oauth/state'

const attributes = () => ({ ...cookieOptions(), path: '/api/auth' })

export function keepFlow(event: H3Event, cookie: { name: string, value: string }, maxAge: number = flowLifetimeSeconds): void {
  setCookie(event, cookie.name, cookie.value, { ...attributes(), maxAge })
}

/** The cookie, which is good for one answer, however that ends. */
export function burnFlow(event: H3Event, name: string): string | undefined {
  const sealed = getCookie(event, name)
  if (sealed !== undefined) deleteCookie(event, name, attributes())
  return sealed
}

/**
 * Leaves room for one more: without a bound, the browser's cookies outgrow what a server takes (16 KB).
 * @param open @throws for what is expired or not ours
 */
export function forgetOldFlows(event: H3Event, prefix: string, most: number, open: (sealed: string) => { createdAt: number }): void {
  const startOf = (sealed: string) => {
    try {
      return open(sealed).createdAt
    }
    catch {
      return 0
    }
  }
  const flows = Object.entries(parseCookies(event)).filter(([name]) => name.startsWith(prefix))
    .map(([name, sealed]) => ({ name, startedAt: startOf(sealed) })).sort((a, b) => b.startedAt - a.startedAt)
  for (const { name } of flows.slice(most - 1)) deleteCookie(event, name, attributes())
}
