/**
 * Errors as RFC 9457 problem details. What reaches the caller is the closed table of server/errors.ts and what an
 * AppError says on purpose; of anything else only its kind, never its message.
 */
import { isError as isH3Error } from 'h3'
import { z } from 'zod'
import { AppError, errorTable, OAuthError, ProviderError, type ErrorCode, type FieldError } from '#server/errors'

export interface Problem {
  status: number
  body: Record<string, unknown> & { type: string, title: string, status: number, detail: string, code: ErrorCode }
  headers: Record<string, string>
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_request', 401: 'unauthorized', 403: 'forbidden', 404: 'not_found', 405: 'method_not_allowed', 409: 'conflict',
  410: 'not_found', 413: 'body_too_large', 415: 'unsupported_media_type', 429: 'rate_limited', 502: 'provider_unavailable', 503: 'unavailable',
}

/** One entry for each thing that is wrong; an unknown field is named itself, not the object that holds it. */
function fieldErrors(error: z.core.$ZodError): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') return issue.keys.map(key => ({ field: [...path, key].join('.'), message: 'Unknown field' }))
    return [{ field: path.join('.') || 'body', message: issue.message }]
  })
}

/** Everything as an AppError. `depth` bounds a chain of wrapped errors. */
function toAppError(error: unknown, depth = 0): AppError {
  if (error instanceof AppError) return error
  if (error instanceof z.core.$ZodError) {
    const errors = fieldErrors(error)
    return new AppError('invalid_request', errors.slice(0, 3).map(({ field, message }) => `${field}: ${message}`).join('; '), { errors })
  }
  if (error instanceof ProviderError || (error instanceof OAuthError && error.failure === 'passing')) return new AppError('provider_unavailable')
  if (!isH3Error(error)) return new AppError('internal')
  // h3 wraps whatever a handler throws, and puts what a validation threw into `data`.
  const inner = [error.cause, error.data].find(item => item instanceof AppError || item instanceof z.core.$ZodError
    || item instanceof ProviderError || item instanceof OAuthError || isH3Error(item))
  if (inner !== undefined && depth < 5) return toAppError(inner, depth + 1)
  if (error.statusCode === 400 && error.message === 'Invalid JSON body') return new AppError('invalid_json')
  return new AppError(codeOfStatus[error.statusCode] ?? (error.statusCode < 500 ? 'invalid_request' : 'internal'))
}

/**
 * The answer to an error. `instance` names this occurrence (a path or a request id); a query in it is dropped.
 * Headers include the content type, `cache-control: no-store`, and with 401 the challenge of RFC 9110 section 11.6.1.
 */
export function toProblem(error: unknown, instance?: string): Problem {
  const { code, detail, options } = toAppError(error)
  const { status, title } = errorTable[code]
  return {
    status,
    body: {
      ...options.extra,
      type: `urn:allyship:problem:${code}`,
      title,
      status,
      detail: detail ?? `${title}.`,
      code,
      ...(options.errors?.length ? { errors: options.errors } : {}),
      ...(instance ? { instance: instance.replace(/[?#].*$/s, '') } : {}),
    },
    headers: {
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...options.headers,
      'content-type': 'application/problem+json',
    },
  }
}
