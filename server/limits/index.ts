import { serviceClient } from '#server/database/clients'
import type { CallLimiter } from '#server/oauth/limiter'
import type { Caller } from './bucket'
import { Limiter, type CallsOf } from './limiter'
import { permitStore } from './permits'

const limiter = new Limiter(permitStore(serviceClient))

/** This process's limiter, for a reader of one grant's API. */
export function limiterFor(caller: Caller, who: CallsOf): CallLimiter {
  return limiter.of(caller, who)
}

/** At the end of the process, before the database is closed: what it holds is of use to others. */
export function closeLimiter(): Promise<void> {
  return limiter.close()
}
