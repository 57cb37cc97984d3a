import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { afterPosition, afterRankedPosition, listQuery, toPage } from '#server/utils/list'

const query = z.strictObject(listQuery)
const encode = (value: unknown) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const id = '01a2051d-3f35-701f-b0e6-5121fa191d6e'
const at = '2026-01-01T00:00:00.123456Z'

describe('limit', () => {
  it.each([['1', 1], ['200', 200], [undefined, 50]])('%s is %i', (text, limit) => expect(query.parse({ limit: text }).limit).toBe(limit))
  it.each(['0', '201', '-1', '1.5', 'x', 'NaN', 'Infinity', '1e9', '0x10g'])('%s is refused', text => expect(query.safeParse({ limit: text }).success).toBe(false))
})

describe('cursor', () => {
  it('keeps the microsecond, the id and the rank', () => {
    expect(query.parse({ cursor: encode([at, id]) }).cursor).toEqual({ at, id, rank: undefined })
    expect(query.parse({ cursor: encode([at, id, 3]) }).cursor).toEqual({ at, id, rank: 3 })
  })

  it.each([
    '', 'x', '%', encode(''), encode('{}'), encode('[]'), encode([at]), encode([at, 'x']), encode(['x', id]), encode([at, id, 'x']), encode([at, id, 1.5]), encode([at, id, 1, 2]),
    encode([`${at}",id.gt."0`, id]), encode([at, `${id}"),or(id.gt.0`]), encode([[at], id]), encode([at, id, null]), 'A'.repeat(201), encode(JSON.stringify([at, id])).slice(0, -4),
  ])('%j is refused, and named', (cursor) => {
    const result = query.safeParse({ cursor })
    expect(result.success).toBe(false)
    expect(result.error?.issues.map(issue => issue.path)).toEqual([['cursor']])
  })

  it('makes filters out of nothing but a time, an id and a number', () => {
    const position = query.parse({ cursor: encode([at, id, 2]) }).cursor ?? { at: '', id: '' }
    expect(afterPosition('created_at', position)).toBe(`created_at.lt."${at}",and(created_at.eq."${at}",id.lt."${id}")`)
    expect(afterRankedPosition('rank', 'seen', position)).toBe(`rank.gt.2,and(rank.eq.2,seen.lt."${at}"),and(rank.eq.2,seen.eq."${at}",id.lt."${id}")`)
  })
})

describe('toPage', () => {
  const rows = [3, 2, 1].map(n => ({ id: `0000000${n}-0000-4000-8000-000000000000`, created_at: `2026-01-0${n} 00:00:00.5+00` }))
  const page = (limit: number) => toPage(rows, limit, row => row.created_at, row => row)

  it('gives a cursor that comes back as the last row\'s place', () => {
    const { data, next_cursor } = page(2)
    expect(data.map(row => row.created_at)).toEqual(['2026-01-03T00:00:00.5Z', '2026-01-02T00:00:00.5Z'])
    expect(query.parse({ cursor: next_cursor ?? '' }).cursor).toMatchObject({ at: '2026-01-02T00:00:00.5Z', id: rows[1]?.id })
  })

  it.each([3, 4, 200])('has no next page when %i was the limit and there are three', limit => expect(page(limit)).toMatchObject({ next_cursor: null, data: { length: 3 } }))
})
