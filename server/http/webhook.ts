/**
 * POST /api/webhooks/:provider: no session, no cookie, no check of where a browser calls from; the signature over the raw
 * bytes is what counts. A provider waits a few seconds at most, so that it gets its answer before anything is done.
 */
import { defineEventHandler, getRequestHeader, getRouterParam, setResponseHeader, setResponseStatus, type H3Event } from 'h3'
import { findConnector } from '#server/connectors/registry'
import { AppError } from '#server/errors'
import { receiveDelivery, takesDeliveries, type Received } from '#server/integrations/webhooks'
import { bodyOf } from './body'
import { LargeBodies } from './large-bodies'
import { countAttempt } from './rate-limit'
import { requestInfo } from './request-info'
import { sendProblem } from './route'

/** Bytes of a delivery, unless a connector says that its provider sends larger ones (`Webhooks.maxBytes`). */
const DELIVERY_LIMIT = 1024 * 1024
/** Each provider waits for its answer for ten seconds at most: what takes longer nobody waits for. */
const largeBodies = new LargeBodies({ from: DELIVERY_LIMIT, atOnce: 2, patienceMs: 10_000 })

export const webhookHandler = defineEventHandler(async (event) => {
  try {
    return answer(event, await receive(event))
  }
  catch (error) {
    await sendProblem(event, error)
  }
})

async function receive(event: H3Event): Promise<Received> {
  const connector = findConnector(getRouterParam(event, 'provider') ?? '')
  if (!connector || !takesDeliveries(connector)) throw new AppError('not_found')
  if (!/^application\/json\b/i.test(getRequestHeader(event, 'content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'Deliveries are taken as application/json.')
  }
  try {
    const limit = connector.webhooks?.maxBytes ?? DELIVERY_LIMIT
    return await largeBodies.read(bodyOf(event), limit, body => receiveDelivery(connector, { headers: headersOf(event), body }, new Date()))
  }
  catch (error) {
    if (error instanceof AppError && error.code === 'signature_refused') await countAttempt('webhook', `${connector.id} ${requestInfo(event).ip}`)
    throw error
  }
}

/** One that comes twice counts as one with both values, which no signature fits. */
function headersOf(event: H3Event): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(event.node.req.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
  }
  return headers
}

function answer(event: H3Event, received: Received): { challenge: string } | { outcome: Received['outcome'] } {
  setResponseHeader(event, 'cache-control', 'no-store')
  setResponseStatus(event, received.outcome === 'accepted' ? 202 : 200)
  return received.outcome === 'challenge' ? { challenge: received.challenge } : { outcome: received.outcome }
}
