import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { forEachLimited, turnstile } from '#server/scanner/limit'

describe('forEachLimited', () => {
  it.each([[1, 5], [4, 10], [10, 3], [3, 0]])('runs at most %i of %i at once, each once', async (concurrency, count) => {
    let running = 0
    let most = 0
    const done: number[] = []
    await forEachLimited(Array.from({ length: count }, (_, index) => index), concurrency, async (item) => {
      most = Math.max(most, ++running)
      await nextTurn()
      running--
      done.push(item)
    })
    expect(done.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(most).toBe(Math.min(concurrency, count))
  })

  it('takes items that come one by one, and waits for none while others can be had', async () => {
    async function* slowly() {
      for (let n = 0; n < 6; n++) {
        await nextTurn()
        yield n
      }
    }
    const done: number[] = []
    await forEachLimited(slowly(), 3, async item => void done.push(item))
    expect(done).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('ends with the failure of what brings the items', async () => {
    async function* broken() {
      yield 1
      throw new Error('no more')
    }
    await expect(forEachLimited(broken(), 2, async () => {})).rejects.toThrow('no more')
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

describe('turnstile', () => {
  it.each([[1, 5], [3, 10], [8, 2]])('lets in %i at once of %i, in the order in which they came', async (most, count) => {
    const inTurn = turnstile(most)
    const [begun, atOnce]: [number[], number[]] = [[], []]
    let running = 0
    await Promise.all(Array.from({ length: count }, (_, index) => inTurn(async () => {
      begun.push(index)
      atOnce.push(++running)
      await nextTurn()
      running--
    })))
    expect(begun).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(Math.max(...atOnce)).toBe(Math.min(most, count))
  })

  it('lets the next one in after a failure, which is told', async () => {
    const inTurn = turnstile(1)
    const [first, second] = await Promise.allSettled([inTurn(() => Promise.reject(new Error('no'))), inTurn(() => Promise.resolve(2))])
    expect(first).toMatchObject({ status: 'rejected' })
    expect(second).toEqual({ status: 'fulfilled', value: 2 })
    expect(await inTurn(() => Promise.resolve(3))).toBe(3)
  })
})
