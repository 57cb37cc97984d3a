/** A web-standard handler (Request to Response) as an HTTP server on 127.0.0.1. */
import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: Request, raw: { incoming: IncomingMessage, outgoing: ServerResponse }) =>
/** null: the handler has dealt with `raw.outgoing` itself. */
Promise<Response | null>

export interface HttpServer {
  url: string
  /** Closes every connection that there is, with what is still on its way in it. */
  hangUp: () => void
  close: () => Promise<void>
}

async function toRequest(incoming: IncomingMessage, origin: string): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array))
  const headers = new Headers()
  for (let i = 0; i < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i] ?? '', incoming.rawHeaders[i + 1] ?? '')
  }
  const method = incoming.method ?? 'GET'
  const body = method === 'GET' || method === 'HEAD' ? undefined : Buffer.concat(chunks)
  return new Request(new URL(incoming.url ?? '/', origin), { method, headers, body })
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length) headers['set-cookie'] = cookies
  outgoing.writeHead(response.status, headers)
  outgoing.end(Buffer.from(await response.arrayBuffer()))
}

/** @param listen.port 0: any */
export async function serveHttp(handler: Handler, listen: { port?: number } = {}): Promise<HttpServer> {
  let origin = ''
  const server = createServer((incoming, outgoing) => {
    toRequest(incoming, origin)
      .then(request => handler(request, { incoming, outgoing }))
      .then(response => response && send(response, outgoing))
      .catch((error: unknown) => {
        if (!outgoing.headersSent) outgoing.writeHead(500, { 'content-type': 'text/plain' })
        outgoing.end(`test server: ${String(error)}`)
      })
  })
  // A connection that is closed while a busy test is about to use it again looks like an outage.
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port ?? 0, '127.0.0.1', resolve)
  })
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: origin,
    hangUp: () => server.closeAllConnections(),
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}
