import type { Connector } from '#server/connectors/contract'
import { ProviderError, type ProviderErrorKind } from '#server/errors'
import type { Answer } from './send'

const kinds: Readonly<Record<number, ProviderErrorKind>> = {
  401: 'unauthorized', 402: 'payment_required', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited',
}

/** Seconds that `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) asks for, or null. */
export function retryAfterHeader(headers: Headers, now: number = Date.now()): number | null {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000))
}

/**
 * What a status that is no success means.
 * `retryAfter`: the connector's reading of the provider's own headers, in seconds; the standard header is read next.
 */
export function statusError(answer: Pick<Answer, 'status' | 'headers' | 'call'>, retryAfter: (headers: Headers) => number | null = () => null): ProviderError {
  const { status, headers, call } = answer
  const seconds = status === 429 || status === 503 ? retryAfter(headers) ?? retryAfterHeader(headers) : null
  const kind = kinds[status] ?? (status >= 500 ? 'server_error' : 'refused')
  return new ProviderError(kind, call, { status, retryAfterSeconds: seconds !== null && Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined })
}

export interface Refusing { refusal?: Connector['refusal'], retryAfter: Connector['retryAfter'] }

/** The provider's own words first, the status next. Null: it is no refusal. */
export function refusalOf(answer: Answer, { refusal, retryAfter }: Refusing): ProviderError | null {
  const said = refusal?.({ status: answer.status, headers: answer.headers, body: answer.body.kind === 'json' ? answer.body.value : undefined })
  if (said) {
    const { kind, ...more } = said
    return new ProviderError(kind, answer.call, { status: answer.status, ...more })
  }
  return isSuccess(answer) ? null : statusError(answer, retryAfter)
}

export function isSuccess({ status }: Pick<Answer, 'status'>): boolean {
  return status >= 200 && status <= 299
}
