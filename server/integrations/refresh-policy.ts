/** What a failed refresh means for the next one. */
import { AppError, OAuthError } from '#server/errors'

type Failure = OAuthError['failure']

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

export const sentences: Record<Failure | 'answer_lost' | 'further_dead' | 'unprobed' | 'role_refused' | 'account_missing' | 'refused', string> = {
  dead_grant: 'The provider no longer accepts this connection. Reconnect it.',
  answer_lost: 'The provider\'s answer was lost while this credential was being renewed, and it no longer accepts the old one. Reconnect it.',
  further_dead: 'The provider no longer renews one of this connection\'s tokens; the rest works. Reconnect it.',
  our_application: 'The provider does not accept this installation\'s client id or secret. The operator has to correct them.',
  passing: 'The provider could not be reached to renew the credential. It is tried again by itself.',
  refused: 'The provider refuses the credential, even a fresh one. Reconnect it.',
  role_refused: 'The role does not let this product in at the moment. It is tried again by itself.',
  account_missing: 'The provider says that this connection reaches no account any more. Install the app there again, or reconnect.',
  unprobed: 'The provider could not be reached to see whether the credential works. It is tried again by itself.',
}

export function failureOf(error: unknown): Failure {
  if (error instanceof OAuthError) return error.failure
  return error instanceof AppError && error.code === 'not_configured' ? 'our_application' : 'passing'
}

/** @param lost an earlier answer @param main its main token, or a further one */
export function sentenceOf(failure: Failure, lost: boolean, main: boolean): string {
  if (lost) return sentences.answer_lost
  return failure === 'dead_grant' && !main ? sentences.further_dead : sentences[failure]
}

/** First and longest wait. A dead grant is looked at again, seldom: providers have been wrong about that, too. */
const waits: Record<Failure, readonly [number, number]> = {
  passing: [MINUTE_MS, HOUR_MS],
  our_application: [10 * MINUTE_MS, HOUR_MS],
  dead_grant: [DAY_MS, 7 * DAY_MS],
}

/**
 * Doubled with each failure, and spread by half of itself either way, so that what failed together does not come back
 * together.
 * @param failures before this one
 * @param random 0 to 1
 */
export function retryAt(failure: Failure, failures: number, now: Date, error?: unknown, random: number = Math.random()): Date {
  const [first, longest] = waits[failure]
  const wait = Math.min(first * 2 ** Math.min(failures, 20), longest) * (0.5 + random)
  const asked = error instanceof OAuthError ? (error.retryAfterSeconds ?? 0) * 1000 : 0
  return new Date(now.getTime() + Math.max(wait, Math.min(asked, DAY_MS)))
}

/**
 * When to look again at a credential for which the provider takes no calls at the moment: neither before it does, nor all at once,
 * nor later than planned, so that a renewal is not put off by it.
 * @param seconds as long as it asks for; undefined: it did not say
 * @param due when it would be looked at without that
 * @param random 0 to 1
 */
export function afterLimit(seconds: number | undefined, due: Date, now: Date, random: number = Math.random()): Date {
  const spread = 1 + random / 5
  const asked = now.getTime() + (seconds ?? 0) * 1000 * spread
  return new Date(Math.max(now.getTime() + 5 * MINUTE_MS * spread, Math.min(asked, due.getTime())))
}

/** Before anything of the request can have arrived. */
const unsent = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']

/** Whether the provider certainly has not seen the refresh token, or certainly has not taken it. */
export function neverSent(error: unknown): boolean {
  if (error instanceof AppError) return true
  if (error instanceof OAuthError && ['rate_limited', 'busy', 'slow_down'].includes(error.oauthError)) return true
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (unsent.includes(cause.message)) return true
  return false
}
