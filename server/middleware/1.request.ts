import { randomUUID } from 'node:crypto'
import { env } from '#server/utils/env'
import { enterLogContext, log } from '#server/utils/log'

/** What watches a process asks, also where that process does not serve the web. */
const watched = ['/api/health', '/api/metrics']

/** Gives each request an id and logs it. A process that does not serve the web answers only those who watch it. */
export default defineEventHandler((event) => {
  const given = getRequestHeader(event, 'x-request-id') ?? ''
  const requestId = /^[\w-]{8,64}$/.test(given) ? given : randomUUID()
  event.context.requestId = requestId
  enterLogContext({ request_id: requestId })
  setResponseHeader(event, 'x-request-id', requestId)
  // What pages get from nuxt-security, for the answers of the API too: no other site may embed them.
  setResponseHeader(event, 'cross-origin-resource-policy', 'same-origin')
  if (env().appUrl.startsWith('https:')) setResponseHeader(event, 'strict-transport-security', 'max-age=31536000; includeSubDomains')

  const path = event.path.split('?')[0] ?? ''
  const since = performance.now()
  event.node.res.once('finish', () => {
    log[watched.includes(path) ? 'debug' : 'info']('request', { method: event.method, path, status: event.node.res.statusCode, ms: Math.round(performance.now() - since) })
  })
  if (!env().web && !watched.includes(path)) {
    setResponseStatus(event, 404)
    return 'This process works on the queue and serves no pages.\n'
  }
})
