/**
 * A proxy in front of a Supabase server that stands still at the calls of one database function: `hold` until it is let go,
 * `stop` for good, before the database has seen the call or when it is done and nobody has been told. Whoever made the call
 * can be killed at exactly that point.
 */
import { setImmediate } from 'node:timers/promises'
import { serveHttp } from './http-server.ts'
import { until } from './until.ts'

export interface RpcProxy {
  url: string
  /** From the call number `from` (1: the first) on, until `release`. */
  hold: (name: string, from: number) => void
  /** Calls that wait now. */
  waiting: () => number
  release: () => void
  /** The next call of this function stops there, for good. @returns resolves when it has come so far */
  stop: (name: string, where: 'before' | 'after') => Promise<void>
  /** Once a caller is dead: none of its calls that are still on their way comes later. */
  forget: () => Promise<void>
  close: () => Promise<void>
}

const hopByHop = ['accept-encoding', 'connection', 'content-encoding', 'content-length', 'host', 'keep-alive', 'transfer-encoding']

function without(headers: Headers): Headers {
  const kept = new Headers(headers)
  for (const name of hopByHop) kept.delete(name)
  return kept
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let held: { name: string, from: number, seen: number, gate: Promise<void>, open: () => void } | null = null
  let stopped: { name: string, where: 'before' | 'after', reached: () => void } | null = null
  let waiting = 0
  let forwarded = 0
  const server = await serveHttp(async (request) => {
    const { pathname, search } = new URL(request.url)
    const name = /\/rpc\/(\w+)$/.exec(pathname)?.[1]
    if (held && name === held.name && ++held.seen >= held.from) {
      waiting++
      await held.gate
      waiting--
    }
    const stop = stopped?.name === name ? stopped : null
    if (stop) stopped = null
    if (stop?.where === 'before') return halt(stop)
    forwarded++
    const { answer, bytes } = await forward(target + pathname + search, request).finally(() => forwarded--)
    if (stop) return halt(stop)
    return new Response([204, 304].includes(answer.status) ? null : bytes, { status: answer.status, headers: without(answer.headers) })
  })
  return {
    url: server.url,
    hold: (name, from) => {
      let open = () => {}
      const gate = new Promise<void>((resolve) => { open = resolve })
      held = { name, from, seen: 0, gate, open }
    },
    waiting: () => waiting,
    release: () => {
      held?.open()
      held = null
    },
    stop: (name, where) => new Promise((resolve) => { stopped = { name, where, reached: resolve } }),
    forget: async () => {
      server.hangUp()
      await setImmediate()
      await until(() => forwarded === 0, { intervalMs: 5, what: 'the calls of the dead to end' })
    },
    close: () => {
      held?.open()
      return server.close()
    },
  }
}

async function forward(url: string, request: Request): Promise<{ answer: Response, bytes: ArrayBuffer }> {
  const answer = await fetch(url, {
    method: request.method, headers: without(request.headers), body: request.body === null ? undefined : await request.arrayBuffer(),
  })
  return { answer, bytes: await answer.arrayBuffer() }
}

/** Nothing is answered any more. */
function halt({ reached }: { reached: () => void }): null {
  reached()
  return null
}
