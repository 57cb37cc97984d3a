/**
 * How the SDK's requests leave the house: through the `fetch` that was handed in, within the limits of all outgoing calls (time,
 * size, no redirect). The SDK signs, parses and repeats; here is only the one exchange.
 */
import type { STSClientConfig } from '@aws-sdk/client-sts'
import type { ProviderErrorKind } from '#server/errors'

const TIMEOUT_MS = 10_000
const MAX_BYTES = 5 * 1024 * 1024

/** What the SDK hands over, as far as it matters here. */
interface SignedRequest {
  method: string
  protocol: string
  hostname: string
  port?: number
  path: string
  query?: Readonly<Record<string, string | string[] | null>>
  headers: Readonly<Record<string, string>>
  body?: unknown
}

/** No answer of AWS's. Named so that the SDK tries again where that makes sense. */
export class CallError extends Error {
  constructor(readonly kind: ProviderErrorKind, readonly reason: string, readonly status?: number) {
    super(kind)
    this.name = kind === 'timeout' || kind === 'unreachable' ? 'TimeoutError' : 'CallError'
  }
}

function addressOf({ protocol, hostname, port, path, query = {} }: SignedRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port ? `:${port}` : ''}${path}`)
  for (const [name, value] of Object.entries(query)) for (const one of [value ?? ''].flat()) url.searchParams.append(name, one)
  return url
}

function bodyOf({ body }: SignedRequest): BodyInit | undefined {
  if (typeof body === 'string') return body
  return body instanceof Uint8Array ? Uint8Array.from(body) : undefined
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.byteLength
    if (length > MAX_BYTES) {
      void reader?.cancel().catch(() => undefined)
      throw new CallError('too_large', 'TooLarge', response.status)
    }
    chunks.push(part.value)
  }
  return Buffer.concat(chunks)
}

/** Only the code of what happened: messages of the network stack quote headers and addresses. */
function reasonOf(error: unknown): string {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z_]{3,40}$/.test(cause.code)) return cause.code
  }
  return error instanceof Error ? error.name : 'unknown'
}

export function handlerOf({ fetch, signal }: { fetch: typeof globalThis.fetch, signal?: AbortSignal }): NonNullable<STSClientConfig['requestHandler']> {
  async function exchange(request: SignedRequest) {
    // The transport's own: fetch makes these from the address and the body.
    const { host, 'content-length': length, ...headers } = request.headers
    const late = AbortSignal.timeout(TIMEOUT_MS)
    try {
      const response = await fetch(addressOf(request), {
        method: request.method, headers, redirect: 'manual', signal: signal ? AbortSignal.any([late, signal]) : late,
        body: bodyOf(request),
      })
      if (response.status >= 300 && response.status < 400) throw new CallError('redirected', 'Redirected', response.status)
      return { response: { statusCode: response.status, headers: Object.fromEntries(response.headers), body: await readBody(response) } }
    }
    catch (error) {
      signal?.throwIfAborted()
      if (error instanceof CallError) throw error
      throw new CallError(late.aborted ? 'timeout' : 'unreachable', reasonOf(error))
    }
  }
  return { handle: exchange, destroy: () => undefined }
}
