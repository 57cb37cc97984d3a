import { describe, expect, it } from 'vitest'
import { mappingsOf, needsAttention } from '#shared/display'

describe('needsAttention', () => {
  it.each([
    ['action_required', 'invalid_grant', true], ['degraded', 'server_error', true], ['unknown', 'not_verified', true],
    ['unknown', 'paused', false], ['unknown', 'not_used_yet', false], ['healthy', 'ok', false],
  ] as const)('%s, %s: %s', (state, reason, expected) => {
    expect(needsAttention({ state, reason })).toBe(expected)
  })
})

describe('mappingsOf', () => {
  const soc2 = { criteria: ['CC6.1'], own: true }
  it('marks what is our own reading, and leaves out what there is not', () => {
    expect(mappingsOf({ soc2, cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.1.4'] }], iso27001: { controls: ['A.5.3', 'A.8.28'], own: true } })).toEqual([
      { framework: 'SOC 2', ids: ['CC6.1'], own: true },
      { framework: 'CIS GitHub 1.2.0', ids: ['1.1.4'], own: false },
      { framework: 'ISO 27001', ids: ['A.5.3', 'A.8.28'], own: true },
    ])
    expect(mappingsOf({ soc2: { criteria: [], own: false }, cis: [], iso27001: null })).toEqual([])
  })
})
