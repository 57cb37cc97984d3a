/**
 * A provider over HTTP that counts strictly: so many calls of a path in a window, which begins with the first call after the last
 * one ended; one more is a 429. It says what it counts as Supabase does: seconds left, in whole numbers.
 */
import { serveHttp } from './http-server.ts'

export interface Counted { window: number, caller: string, status: number }

export interface CountingProvider {
  url: string
  /** Every call of the API, in order. `caller`: its bearer token. */
  calls: Counted[]
  /** Answers 429 from now on, and asks for this many seconds; null: as it counts. */
  refuse: (seconds: number | null) => void
  close: () => Promise<void>
}

export async function startCountingProvider({ limit, seconds, latencyMs = 5, headers = true }: { limit: number, seconds: number, latencyMs?: number, headers?: boolean }): Promise<CountingProvider> {
  const calls: Counted[] = []
  const windows = new Map<string, { number: number, until: number, used: number }>()
  let refusal: number | null = null
  const server = await serveHttp(async (request) => {
    const path = new URL(request.url).pathname
    const now = performance.now()
    const open = windows.get(path)
    const window = open && open.until > now ? open : { number: (open?.number ?? 0) + 1, until: now + seconds * 1000, used: 0 }
    windows.set(path, window)
    window.used += 1
    const refused = refusal !== null || window.used > limit
    const left = Math.ceil((window.until - now) / 1000)
    calls.push({ window: window.number, caller: request.headers.get('authorization')?.replace('Bearer ', '') ?? '', status: refused ? 429 : 200 })
    const rate = { 'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': String(Math.max(0, limit - window.used)), 'x-ratelimit-reset': String(left) }
    await new Promise(resolve => setTimeout(resolve, latencyMs))
    return Response.json({ ok: !refused }, {
      status: refused ? 429 : 200,
      headers: { ...(headers && refusal === null ? rate : {}), ...(refused ? { 'retry-after': String(refusal ?? left) } : {}) },
    })
  })
  return { url: server.url, calls, refuse: (seconds) => { refusal = seconds }, close: server.close }
}
