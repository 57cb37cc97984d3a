import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '#server/errors'

/**
 * Counted per process: with several, a caller gets that many times the points, which is still far from what guessing a
 * password takes. `duration` in seconds.
 */
const limits = {
  /** Per address and account: guessing one person's password. */
  signIn: new RateLimiterMemory({ keyPrefix: 'sign-in', points: 10, duration: 60 }),
  /** Per address: trying one password on many accounts. */
  signInAddress: new RateLimiterMemory({ keyPrefix: 'sign-in-address', points: 100, duration: 60 }),
  signUp: new RateLimiterMemory({ keyPrefix: 'sign-up', points: 30, duration: 60 }),
  /** Per person: starting connections. */
  login: new RateLimiterMemory({ keyPrefix: 'login', points: 60, duration: 60 }),
  /** Per organization: going over the whole log. */
  audit: new RateLimiterMemory({ keyPrefix: 'audit', points: 30, duration: 60 }),
  /** Per address: invitation tokens and reset tokens. */
  token: new RateLimiterMemory({ keyPrefix: 'token', points: 30, duration: 60 }),
  /** Per provider and address: forged deliveries. Genuine ones come in bursts, are not always sent again, and are never refused for their number. */
  webhook: new RateLimiterMemory({ keyPrefix: 'webhook', points: 300, duration: 60 }),
  /** Per address: calendar feeds. A calendar service reads those of many people. */
  calendar: new RateLimiterMemory({ keyPrefix: 'calendar', points: 120, duration: 60 }),
}

/** @throws AppError rate_limited with Retry-After (seconds) */
export async function countAttempt(limit: keyof typeof limits, key: string): Promise<void> {
  try {
    await limits[limit].consume(key)
  }
  catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused
    const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000))
    throw new AppError('rate_limited', `Try again in ${seconds} seconds.`, { headers: { 'retry-after': String(seconds) } })
  }
}
