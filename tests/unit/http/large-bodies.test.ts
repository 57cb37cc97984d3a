import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { LargeBodies } from '#server/http/large-bodies'

const open = (changes: Partial<ConstructorParameters<typeof LargeBodies>[0]> = {}) => new LargeBodies({ from: 10, atOnce: 2, patienceMs: 60_000, ...changes })
const piece = Buffer.from('12345')
const limit = 50
/** @param pulled counts what was taken from the connection */
async function* body(pieces: number, pulled = { pieces: 0 }) {
  for (let n = 0; n < pieces; n++) {
    pulled.pieces += 1
    yield piece
    await turnOfTheLoop()
  }
}
/** All of it is here: no timer can come in between. */
async function* whole(pieces: number) {
  for (let n = 0; n < pieces; n++) yield piece
}
/** Its sender stands still after so many pieces. */
async function* stuck(pieces: number) {
  yield* body(pieces)
  await new Promise(() => {})
}
const text = async (bytes: Buffer) => bytes.toString()
const codeOf = (reading: Promise<unknown>) => reading.then(() => 'read', (error: { code?: string }) => error.code)

describe('a body', () => {
  it.each([0, 1, 2, 3, 10])('of %i pieces is handed on whole', async (pieces) => {
    expect(await open().read(body(pieces), limit, text)).toBe('12345'.repeat(pieces))
  })

  it('may have as many bytes as its limit says, and is taken no further', async () => {
    const pulled = { pieces: 0 }
    expect(await codeOf(open().read(body(10), limit, text))).toBe('read')
    expect(await codeOf(open().read(body(1_000, pulled), limit, text))).toBe('body_too_large')
    expect(pulled.pieces).toBe(11)
    // Also where that is no large one.
    expect(await codeOf(open().read(body(2), 9, text))).toBe('body_too_large')
  })
})

describe('large ones', () => {
  it('are as many at once as there may be, and the others wait where they became large', async () => {
    const bodies = open()
    const gate = Promise.withResolvers<null>()
    let inUse = 0
    let most = 0
    const pulled = Array.from({ length: 8 }, () => ({ pieces: 0 }))
    const reading = pulled.map(one => bodies.read(body(10, one), limit, async () => {
      most = Math.max(most, ++inUse)
      await gate.promise
      await turnOfTheLoop()
      inUse -= 1
    }))
    // Small ones pass by.
    for (let n = 0; n < 20; n++) await bodies.read(body(2), limit, text)
    expect(pulled.map(one => one.pieces)).toEqual([10, 10, 3, 3, 3, 3, 3, 3])
    gate.resolve(null)
    await Promise.all(reading)
    expect([most, inUse]).toEqual([2, 0])
  })

  it('give their turn back, whatever becomes of them', async () => {
    const bodies = open({ atOnce: 1 })
    const failing = async () => { throw new Error('no') }
    async function* broken() {
      yield* body(3)
      throw new Error('gone')
    }
    await expect(bodies.read(body(3), limit, failing)).rejects.toThrow('no')
    await expect(bodies.read(broken(), limit, text)).rejects.toThrow('gone')
    expect(await codeOf(bodies.read(body(11), limit, text))).toBe('body_too_large')
    expect(await codeOf(bodies.read(body(3), limit, text))).toBe('read')
  })

  it('that do not arrive in time are refused, and the next one is read', async () => {
    const bodies = open({ atOnce: 1, patienceMs: 5 })
    expect(await codeOf(bodies.read(stuck(3), limit, text))).toBe('unavailable')
    expect(await codeOf(bodies.read(whole(3), limit, text))).toBe('read')
  })

  it('are not hurried once they are here, and refused when their turn does not come', async () => {
    const bodies = open({ atOnce: 1, patienceMs: 5 })
    const gate = Promise.withResolvers<null>()
    const first = bodies.read(whole(3), limit, () => gate.promise)
    expect(await codeOf(bodies.read(whole(3), limit, text))).toBe('unavailable')
    gate.resolve(null)
    expect(await codeOf(first)).toBe('read')
    expect(await codeOf(bodies.read(whole(3), limit, text))).toBe('read')
  })
})
