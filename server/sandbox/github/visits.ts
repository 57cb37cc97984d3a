/**
 * Who has just put the app into an account has consented too, and is not asked again when they come back for it: GitHub knows
 * them by their session, this by a cookie that is good for one page and a minute.
 */
import { randomBytes } from 'node:crypto'

const name = 'sandbox_github'
const LIFETIME_SECONDS = 60
const MOST = 1_000

export type Visits = ReturnType<typeof openVisits>

/** @param baseUrl the cookie goes to its consent page alone */
export function openVisits(baseUrl: string, now: () => number) {
  const until = new Map<string, number>()
  const { pathname, protocol } = new URL(baseUrl)
  const attributes = `Max-Age=${LIFETIME_SECONDS}; Path=${pathname.replace(/\/$/, '')}/login/oauth/authorize; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`
  return {
    /** @returns the cookie, as a Set-Cookie header has it */
    begin(): string {
      if (until.size >= MOST) until.clear()
      const id = randomBytes(16).toString('hex')
      until.set(id, now() + LIFETIME_SECONDS * 1000)
      return `${name}=${id}; ${attributes}`
    },
    /** Whether the browser comes from there; it counts once. */
    spend(request: Request): boolean {
      const id = new RegExp(`(?:^|; )${name}=([0-9a-f]{32})(?:;|$)`).exec(request.headers.get('cookie') ?? '')?.[1] ?? ''
      const end = until.get(id) ?? 0
      until.delete(id)
      return end > now()
    },
  }
}
