/** An HTTP proxy in front of Supabase that can hold the calls of one database function: a process stands still in that moment. */
import { serveHttp } from './http-server.ts'

export interface RpcProxy {
  url: string
  /** From the call number `from` (1: the first) on, until `release`. */
  hold: (name: string, from: number) => void
  /** Calls that wait now. */
  waiting: () => number
  release: () => void
  close: () => Promise<void>
}

const hopByHop = ['connection', 'content-encoding', 'content-length', 'host', 'keep-alive', 'transfer-encoding']

function without(headers: Headers): Headers {
  const kept = new Headers(headers)
  for (const name of hopByHop) kept.delete(name)
  return kept
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let held: { name: string, from: number, seen: number, gate: Promise<void>, open: () => void } | null = null
  let waiting = 0
  const server = await serveHttp(async (request) => {
    const { pathname, search } = new URL(request.url)
    if (held && pathname.endsWith(`/rpc/${held.name}`) && ++held.seen >= held.from) {
      waiting++
      await held.gate
      waiting--
    }
    const answer = await fetch(target + pathname + search, {
      method: request.method, headers: without(request.headers), body: request.body === null ? undefined : await request.arrayBuffer(),
    })
    return new Response(answer.status === 204 ? null : await answer.arrayBuffer(), { status: answer.status, headers: without(answer.headers) })
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
    close: () => {
      held?.open()
      return server.close()
    },
  }
}
