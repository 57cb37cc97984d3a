/**
 * A proxy in front of a Supabase server that stops one call of a function on its way: before the database has seen it, or
 * when it is done and nobody has been told. Whoever made the call can then be killed at exactly that point.
 */
import { serveHttp } from './http-server.ts'

export interface RpcProxy {
  url: string
  /** The next call of this function stops there, for good. @returns resolves when it has come so far */
  stop: (rpc: string, where: 'before' | 'after') => Promise<void>
  close: () => Promise<void>
}

export async function startRpcProxy(target: string): Promise<RpcProxy> {
  let stopped: { rpc: string, where: 'before' | 'after', reached: () => void } | null = null
  const server = await serveHttp(async (request) => {
    const { pathname, search } = new URL(request.url)
    const stop = stopped && pathname === `/rest/v1/rpc/${stopped.rpc}` ? stopped : null
    if (stop) stopped = null
    if (stop?.where === 'before') {
      stop.reached()
      return null
    }
    const headers = new Headers(request.headers)
    for (const name of ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding']) headers.delete(name)
    const body = ['GET', 'HEAD'].includes(request.method) ? undefined : await request.arrayBuffer()
    const answer = await fetch(target + pathname + search, { method: request.method, headers, body })
    const bytes = await answer.arrayBuffer()
    if (stop) {
      stop.reached()
      return null
    }
    const answered = new Headers(answer.headers)
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'connection']) answered.delete(name)
    return new Response([204, 304].includes(answer.status) ? null : bytes, { status: answer.status, headers: answered })
  })
  return {
    url: server.url,
    stop: (rpc, where) => new Promise((resolve) => { stopped = { rpc, where, reached: resolve } }),
    close: () => server.close(),
  }
}
