import { describe, expect, it } from 'vitest'
import { Lanes } from '#server/integrations/lanes'

const never = new AbortController().signal
const settled = async (promise: Promise<unknown>) => Promise.race([promise.then(() => true, () => true), new Promise<boolean>(resolve => setImmediate(() => resolve(false)))])

describe('Lanes', () => {
  it('lets in as many as there are, and the others in the order in which they came', async () => {
    const lanes = new Lanes(2, never)
    const [first, second] = [await lanes.enter('a'), await lanes.enter('a')]
    const order: string[] = []
    const enter = async (name: string) => {
      const leave = await lanes.enter('a')
      order.push(name)
      return leave
    }
    const [third, fourth] = [enter('third'), enter('fourth')]
    expect(await settled(third)).toBe(false)
    second(true)
    ;(await third)(true)
    await fourth
    expect(order).toEqual(['third', 'fourth'])
    first(true)
    expect(await settled(lanes.enter('a'))).toBe(true)
  })

  it('are kept from those that have not answered lately, so that the others go on', async () => {
    const lanes = new Lanes(8, never, () => 0)
    const hanging = Array.from({ length: 8 }, () => lanes.enter('hangs'))
    const entered = async () => (await Promise.all(hanging.map(settled))).filter(Boolean).length
    expect(await entered()).toBe(6)
    // Another one has its first call; once it has answered it has what is left.
    ;(await lanes.enter('answers'))(true)
    const leave = [await lanes.enter('answers'), await lanes.enter('answers')]
    expect(await settled(lanes.enter('answers'))).toBe(false)
    leave[0]?.(true)
    expect(await entered()).toBe(6)
  })

  it('are not more for one whose calls were given up', async () => {
    const lanes = new Lanes(8, never, () => 0)
    const hanging = Array.from({ length: 9 }, () => lanes.enter('hangs'))
    ;(await hanging[0])?.(false)
    expect((await Promise.all(hanging.map(settled))).filter(Boolean).length).toBe(7)
  })

  it('are all for one that hung and answers now', async () => {
    const lanes = new Lanes(8, never, () => 0)
    const hanging = Array.from({ length: 9 }, () => lanes.enter('hangs'))
    ;(await hanging[0])?.(true)
    expect((await Promise.all(hanging.map(settled))).filter(Boolean).length).toBe(9)
  })

  it('have all of them for one that answers, and not any more when it falls silent', async () => {
    let now = 0
    const lanes = new Lanes(4, never, () => now)
    ;(await lanes.enter('a'))(true)
    const inside = await Promise.all(Array.from({ length: 4 }, () => lanes.enter('a')))
    now = 6_000
    const [b, c] = [lanes.enter('b'), lanes.enter('b')]
    expect([await settled(b), await settled(c)]).toEqual([false, false])
    inside[0]?.(true)
    expect([await settled(b), await settled(c)]).toEqual([true, false])
  })

  it('are free again when all have left', async () => {
    const lanes = new Lanes(1, never)
    for (let times = 0; times < 3; times++) (await lanes.enter('a'))(true)
    await lanes.enter('a')
    expect(await settled(lanes.enter('a'))).toBe(false)
  })

  it('turn away who waits, and who comes, once the signal is aborted; who is in stays', async () => {
    const stop = new AbortController()
    const lanes = new Lanes(1, stop.signal)
    const leave = await lanes.enter('a')
    const waiting = lanes.enter('a')
    stop.abort(new Error('closing'))
    await expect(waiting).rejects.toThrow('closing')
    leave(true)
    await expect(lanes.enter('a')).rejects.toThrow('closing')
  })
})
