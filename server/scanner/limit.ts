/** Runs `task` for every item, at most `concurrency` at once. The first failure ends it, after the running ones did. */
export async function forEachLimited<T>(items: readonly T[], concurrency: number, task: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  let failed = false
  const lane = async () => {
    for (const item of queue) {
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
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(concurrency, items.length) }, lane))
  const broken = lanes.find(result => result.status === 'rejected')
  if (broken) throw broken.reason
}
