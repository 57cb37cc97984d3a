/**
 * The one policy of all outgoing calls: a host that is pinned, a total time that covers the body, a size that is counted
 * while it streams (after decompression, so that a small gzip of a large text counts as large), redirects that are never
 * followed (they would carry credentials to wherever a provider points), and JSON that is parsed by trying.
 *
 * Nothing of a request or an answer goes into an error: both may hold tokens.
 */
import { ProviderError } from '#server/errors'
import { addressBelow } from './address'

export interface CallPolicy {
  /** Milliseconds for the whole call, body included. */
  timeoutMs: number
  maxBytes: number
}
export const callPolicy: CallPolicy = { timeoutMs: 10_000, maxBytes: 5 * 1024 * 1024 }

/** A test keeps the version equal to package.json's. */
export const userAgent = 'AllyShip-Integrations/0.1.0'

export interface Call {
  method: 'GET' | 'POST' | 'DELETE'
  /** Origin and path that the call cannot leave. */
  base: string
  /** Below the base, starting with `/`, encoded already; may carry a query. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
  fetch: typeof fetch
  /** Ends the call early; its reason is what is thrown. */
  signal?: AbortSignal
  policy?: Partial<CallPolicy>
  /** `json` (default): a 2xx whose body is no JSON is a `not_json` error. `any`: the body of a 2xx does not matter. */
  expect?: 'json' | 'any'
}

export interface Answer {
  status: number
  headers: Headers
  body: { kind: 'json', value: unknown } | { kind: 'empty' } | { kind: 'other' }
  /** `GET /v1/projects`: what errors name. Never a query. */
  call: string
}

/** The body's bytes. @throws ProviderError too_large */
async function readBody(response: Response, maxBytes: number, call: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.byteLength
    if (length > maxBytes) {
      void reader?.cancel().catch(() => undefined)
      throw new ProviderError('too_large', call, { status: response.status })
    }
    chunks.push(part.value)
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.byteLength
  }
  return bytes
}

/** NUL and halves of surrogate pairs, which no text of Postgres may hold: U+FFFD stands for them from here on. */
const unstorable = /\\u(?:0000|d[89a-f])/i
const storable = (_key: string, value: unknown): unknown =>
  typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value

function parseBody(bytes: Uint8Array): Answer['body'] {
  const text = new TextDecoder().decode(bytes)
  if (!text.trim()) return { kind: 'empty' }
  try { return { kind: 'json', value: unstorable.test(text) ? JSON.parse(text, storable) : JSON.parse(text) } }
  catch { return { kind: 'other' } }
}

/** Only the code of what happened: messages of the network stack quote headers and addresses. */
function networkCause(error: unknown): Error {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z_]{3,40}$/.test(cause.code)) return new Error(cause.code)
  }
  return new Error(error instanceof Error ? error.name : 'unknown')
}

async function exchange(call: Call, url: URL, label: string, signal: AbortSignal, maxBytes: number): Promise<Answer> {
  const response = await call.fetch(url, {
    method: call.method,
    headers: { 'accept': 'application/json', 'user-agent': userAgent, ...call.headers },
    body: call.body,
    redirect: 'manual',
    signal,
  })
  if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
    void response.body?.cancel().catch(() => undefined)
    throw new ProviderError('redirected', label, { status: response.status || undefined })
  }
  const body = parseBody(await readBody(response, maxBytes, label))
  if (response.ok && body.kind !== 'json' && call.expect !== 'any') throw new ProviderError('not_json', label, { status: response.status })
  return { status: response.status, headers: response.headers, body, call: label }
}

/**
 * Makes one call, once. Any status but a redirect is an answer; see `statusError` for what it means.
 * @throws ProviderError unreachable, timeout, too_large, not_json, redirected; the signal's reason; TypeError for a
 *   path that leaves its base
 */
export async function sendRequest(call: Call): Promise<Answer> {
  const { timeoutMs, maxBytes } = { ...callPolicy, ...call.policy }
  const url = addressBelow(call.base, call.path)
  const label = `${call.method} ${url.pathname}`
  call.signal?.throwIfAborted()

  const stop = new AbortController()
  const forward = () => stop.abort(call.signal?.reason)
  call.signal?.addEventListener('abort', forward, { once: true })
  // Raced, because an injected fetch need not heed its signal.
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const end = () => reject(stop.signal.reason)
  stop.signal.addEventListener('abort', end, { once: true })
  const timer = setTimeout(() => stop.abort(new ProviderError('timeout', label)), timeoutMs)
  const answer = exchange(call, url, label, stop.signal, maxBytes)
  answer.catch(() => undefined) // When the race is over, its own end is nobody's.
  try { return await Promise.race([answer, ended]) }
  catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason
    if (error instanceof ProviderError) throw error
    throw new ProviderError('unreachable', label, { cause: networkCause(error) })
  }
  finally {
    clearTimeout(timer)
    call.signal?.removeEventListener('abort', forward)
    // Node's fetch holds on to the signal until the next full collection: the answer need not wait for that as well.
    stop.signal.removeEventListener('abort', end)
  }
}
