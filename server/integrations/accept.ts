/**
 * Writes deliveries down. One statement at a time: those that come while it runs go together with the next one, so that a burst
 * costs few of them and nobody waits for more than two.
 */
import { askAgain } from '#server/database/ask-again'
import { serviceClient } from '#server/database/clients'
import { unwrap } from '#server/database/result'
import type { Json } from '#server/database/types'

export interface Accepted { provider: string, sandbox: boolean, delivery_id: string, events: Json }

/** In one statement. Of a large delivery nothing but a few events is kept: each connector reads its own. */
const TOGETHER = 50

interface Waiting { delivery: Accepted, done: PromiseWithResolvers<boolean> }

const waiting: Waiting[] = []
let writing = false

/** @returns whether it is new @throws what the database says: it was not written down */
export function accept(delivery: Accepted): Promise<boolean> {
  const done = Promise.withResolvers<boolean>()
  waiting.push({ delivery, done })
  if (!writing) void writeAll()
  return done.promise
}

async function writeAll(): Promise<void> {
  writing = true
  while (waiting.length > 0) await write(waiting.splice(0, TOGETHER))
  writing = false
}

async function write(together: Waiting[]): Promise<void> {
  try {
    // Another process may be writing the same ones down in another order: providers send again what they think is lost.
    const fresh = unwrap(await askAgain(() => serviceClient().rpc('accept_deliveries', { p_items: together.map(({ delivery }) => ({ ...delivery })) })))
    together.forEach(({ done }, index) => done.resolve(fresh[index] ?? false))
  }
  catch (error) {
    for (const { done } of together) done.reject(error)
  }
}
