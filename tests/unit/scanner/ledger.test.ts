import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Ledger, type Entry, type Result } from '#server/scanner/ledger'
import type { Target } from '#server/scanner/targets'

const target = (n: number): Target => ({ id: `id-${n}`, kind: 'project', externalId: `external-${n}`, name: `${n}`, metadata: {} })
const result = (entry: Entry): Result => ({ resource_id: entry.target.id, check_id: 'c', verdict: 'pass', severity: 'low', category: 'x', summary: 's', evidence: {}, checked_at: '2026-01-01T00:00:00Z' })

function newLedger(portion: number, write: () => Promise<void> = async () => {}) {
  const stored: { cursor: string, ids: string[] }[] = []
  const ledger = new Ledger(async (results, cursor) => {
    await write()
    stored.push({ cursor, ids: results.map(one => one.resource_id) })
  }, portion)
  const begin = async (n: number, checks = 1) => {
    const entry = await ledger.begin(target(n), checks)
    if (!entry) throw new Error(`There is no room for ${n} any more`)
    return entry
  }
  const finish = (entry: Entry) => ledger.add(entry, result(entry))
  return { ledger, stored, begin, finish }
}

describe('a ledger', () => {
  it('stores from the front only, half a portion at a time, in whatever order they end', async () => {
    const { ledger, stored, begin, finish } = newLedger(4)
    const [first, second, third] = [await begin(1), await begin(2), await begin(3)]
    await finish(second)
    await finish(third)
    expect(stored).toEqual([])
    await finish(first)
    expect(stored).toEqual([{ cursor: 'id-3', ids: ['id-1', 'id-2', 'id-3'] }])
    await finish(await begin(4))
    expect(stored).toHaveLength(1)
    await ledger.settle()
    expect(stored[1]).toEqual({ cursor: 'id-4', ids: ['id-4'] })
  })

  it('takes a resource for done when all of its checks are', async () => {
    const { stored, begin, finish } = newLedger(2)
    const entry = await begin(1, 2)
    await finish(entry)
    expect(stored).toEqual([])
    await finish(entry)
    expect(stored).toEqual([{ cursor: 'id-1', ids: ['id-1', 'id-1'] }])
  })

  it('passes by resources that nothing is asked of', async () => {
    const { stored, begin } = newLedger(2)
    await begin(1, 0)
    expect(stored).toEqual([{ cursor: 'id-1', ids: [] }])
  })

  it('begins no more than a portion before something is stored', async () => {
    const { promise: written, resolve: write } = Promise.withResolvers<undefined>()
    const { begin, finish } = newLedger(2, async () => void await written)
    const first = await begin(1)
    await begin(2)
    let third: Entry | null = null
    const waiting = begin(3).then((entry) => { third = entry })
    const storing = finish(first)
    await nextTurn()
    expect(third).toBeNull()
    write(undefined)
    await Promise.all([storing, waiting])
    expect(third).toMatchObject({ target: { id: 'id-3' } })
  })

  it('keeps what is done before the first one that is not, and nothing behind it', async () => {
    const { ledger, stored, begin, finish } = newLedger(10)
    const [first, , third] = [await begin(1), await begin(2), await begin(3)]
    await finish(first)
    await finish(third)
    await ledger.settle()
    expect(stored).toEqual([{ cursor: 'id-1', ids: ['id-1'] }])
  })

  it('tells who waits for room that the work has ended', async () => {
    const { ledger, begin } = newLedger(2)
    await begin(1)
    await begin(2)
    const waiting = ledger.begin(target(3), 1)
    ledger.stop()
    expect(await waiting).toBeNull()
  })

  it('ends when it cannot store', async () => {
    const { ledger, begin, finish } = newLedger(2, () => Promise.reject(new Error('the database is away')))
    const [first] = [await begin(1), await begin(2)]
    const waiting = ledger.begin(target(3), 1)
    await expect(finish(first)).rejects.toThrow('the database is away')
    expect(await waiting).toBeNull()
    await expect(ledger.settle()).rejects.toThrow('the database is away')
  })
})
