import { subscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'

/**
 * Milliseconds that a connection without a request stays open. Node's five seconds are less than what those in front keep theirs
 * (nginx and AWS's balancers 60 s, Traefik 90, Caddy 120): the later side would send its next request into a connection that
 * was just closed, and its user would see a 502.
 */
export const KEEP_ALIVE_MS = 125_000

/** Holds idle connections for `KEEP_ALIVE_MS`, from the first request on: Nitro gives its server to nobody. */
export function keepConnections(): void {
  subscribe('http.server.request.start', (message) => {
    if (typeof message === 'object' && message && 'server' in message && message.server instanceof Server) message.server.keepAliveTimeout = KEEP_ALIVE_MS
  })
}
