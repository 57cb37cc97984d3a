import { describe, expect, it } from 'vitest'
import { forEachLimited } from '#server/scanner/limit'

describe('forEachLimited', () => {
  it.each([[1, 5], [4, 10], [10, 3], [3, 0]])('runs at most %i of %i at once, each once', async (concurrency, count) => {
    let running = 0
    let most = 0
    const done: number[] = []
    await forEachLimited(Array.from({ length: count }, (_, index) => index), concurrency, async (item) => {
      most = Math.max(most, ++running)
      await Promise.resolve()
      running--
      done.push(item)
    })
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(most).toBe(Math.min(concurrency, count))
  })

  it('ends with the first failure, after those that run, and starts no more', async () => {
    const finished: number[] = []
    const { promise: gate, resolve: open } = Promise.withResolvers<undefined>()
    const all = forEachLimited([0, 1, 2, 3, 4], 2, async (item) => {
      if (item === 0) {
        await gate
        finished.push(item)
        return
      }
      throw new Error(`item ${item}`)
    })
    open(undefined)
    await expect(all).rejects.toThrow('item 1')
    expect(finished).toEqual([0])
  })
})
