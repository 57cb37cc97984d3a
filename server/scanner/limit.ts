/**
 * Runs `task` for every item, at most `concurrency` at once; items may come one by one. The first failure ends it, after the
 * running ones did.
 */
export async function forEachLimited<T>(items: Iterable<T> | AsyncIterable<T>, concurrency: number, task: (item: T) => Promise<void>): Promise<void> {
  const queue = (async function* () { yield* items })()
  let failed = false
  const lane = async () => {
    for await (const item of queue) {
      if (failed) return
      try {
        await task(item)
      }
      catch (error) {
        failed = true
        throw error
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: concurrency }, lane))
  const broken = lanes.find(result => result.status === 'rejected')
  if (broken) throw broken.reason
}

/** Runs tasks as they come, at most `most` at once; the others wait in turn. */
export function turnstile(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running === most) await new Promise<void>(resolve => waiting.push(resolve))
    else running += 1
    try {
      return await task()
    }
    finally {
      // Whoever waits has the place at once, so that nobody who comes now takes it.
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}
