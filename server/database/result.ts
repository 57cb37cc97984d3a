import type { PostgrestSingleResponse } from '@supabase/supabase-js'
import { AppError, errorTable, type ErrorCode } from '#server/errors'

/**
 * The data of a supabase-js answer.
 * @throws AppError when the database refused for a reason the caller can be told (its own rules, a lapsed session), or
 * `internal` with the cause otherwise. The message of the cause may name columns and values: it is logged, never sent.
 */
export function unwrap<T>(result: PostgrestSingleResponse<T>): T {
  if (!result.error) return result.data
  const { code, message } = result.error
  const said = raised(code, message)
  if (said) throw new AppError(said, undefined, { cause: result.error })
  if (code.startsWith('PGRST30') || message.includes('JWT')) throw new AppError('unauthorized', 'The session has expired.')
  if (code === '42501') throw new AppError('forbidden', undefined, { cause: result.error })
  if (code === '23514') throw new AppError('invalid_request', 'A value is outside of what the database accepts.', { cause: result.error })
  if (code === '') throw new AppError('unavailable', 'The database did not answer.', { cause: result.error })
  throw new AppError('internal', undefined, { cause: result.error })
}

/** What a function of ours refused with. Supabase Lite gives it a code of its own and the name of the error in front. */
function raised(code: string, message: string): ErrorCode | null {
  const text = code === 'SUP' ? message.replace(/^\w*error: /i, '') : code === 'P0001' ? message : ''
  return isErrorCode(text) ? text : null
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text)
}
