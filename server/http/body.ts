import type { H3Event } from 'h3'
import { getRequestHeader } from 'h3'
import { AppError } from '#server/errors'

/** Bytes. The largest body that any call needs is a few hundred. */
export const BODY_LIMIT = 64 * 1024

/**
 * The JSON body of a request; undefined when there is none.
 * @throws AppError body_too_large (counted while it arrives, whatever Content-Length says), unsupported_media_type,
 * invalid_json
 */
export async function readJson(event: H3Event): Promise<unknown> {
  const bytes = await readBytes(event, BODY_LIMIT)
  if (bytes.length === 0) return undefined
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(getRequestHeader(event, 'content-type') ?? '')) {
    throw new AppError('unsupported_media_type', 'Set Content-Type to application/json.')
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  }
  catch {
    throw new AppError('invalid_json', 'The body is not JSON in UTF-8.', { errors: [{ field: 'body', message: 'is not JSON' }] })
  }
}

/** As it came. @param limit in bytes @throws AppError body_too_large */
async function readBytes(event: H3Event, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of bodyOf(event)) {
    size += chunk.length
    if (size > limit) throw tooLarge(limit)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** @param limit in bytes */
export function tooLarge(limit: number): AppError {
  return new AppError('body_too_large', `A body may have ${limit} bytes.`, { headers: { connection: 'close' } })
}

/** The bytes of a request as they arrive: no more is taken from the connection than is asked for. */
export async function* bodyOf(event: H3Event): AsyncGenerator<Buffer> {
  // An internal call (a page rendered here that asks our own API) carries its body on the request object.
  const request: { body?: unknown } & AsyncIterable<Buffer> = event.node.req
  if (request.body !== undefined && request.body !== null) {
    yield typeof request.body === 'string' ? Buffer.from(request.body)
      : Buffer.isBuffer(request.body) ? request.body : Buffer.from(JSON.stringify(request.body))
    return
  }
  // A refusal half-way must not tear down the connection on which it is to be sent.
  yield* event.node.req.iterator({ destroyOnReturn: false })
}
