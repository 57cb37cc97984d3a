import { describe, expect, it } from 'vitest'
import { closeRefreshes, redeemsSettled, refuseWhenClosing, tracked } from '#server/integrations/in-flight'
import { Closing } from '#server/integrations/refresh-errors'

const deferred = () => {
  let end = (_error?: Error) => {}
  const promise = new Promise<void>((resolve, reject) => { end = error => error ? reject(error) : resolve() })
  return { promise, end }
}

describe('what is in flight', () => {
  it('is waited for, whatever comes of it, and no longer than it may take', async () => {
    expect(await redeemsSettled(0)).toBe(true)
    const [one, other] = [deferred(), deferred()]
    const attempts = [tracked(() => one.promise), tracked(() => other.promise)]
    expect(await redeemsSettled(1)).toBe(false)
    const settled = redeemsSettled(60_000)
    one.end()
    other.end(new Error('refused'))
    expect(await settled).toBe(true)
    expect((await Promise.allSettled(attempts)).map(attempt => attempt.status)).toEqual(['fulfilled', 'rejected'])
  })

  it('gets no company once the process is about to end', () => {
    expect(() => refuseWhenClosing()).not.toThrow()
    closeRefreshes()
    expect(() => refuseWhenClosing()).toThrow(Closing)
  })
})
