import { describe, expect, it } from 'vitest'
import { isoTime, withIsoTimes } from '#server/utils/time'

describe('isoTime', () => {
  it.each([
    ['2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00Z'], ['2026-01-01 00:00:00+00', '2026-01-01T00:00:00Z'], ['2026-01-01T00:00:00.123456+00:00', '2026-01-01T00:00:00.123456Z'],
    ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.5Z'], ['2026-01-01T02:00:00+02:00', '2026-01-01T00:00:00.000Z'],
  ])('%s is %s', (text, expected) => expect(isoTime(text)).toBe(expected))
})

describe('withIsoTimes', () => {
  it('changes times by their names, and nothing else', () => {
    const row = { created_at: '2026-01-01 00:00:00+00', missing_since: null, paused_until: '2026-01-01 00:00:00+00', name: '2026-01-01 00:00:00+00', at: '2026-01-01 00:00:00+00', count_at: 3 }
    expect(withIsoTimes(row)).toEqual({ ...row, created_at: '2026-01-01T00:00:00Z', paused_until: '2026-01-01T00:00:00Z' })
  })
})
