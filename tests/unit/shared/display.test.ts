import { describe, expect, it } from 'vitest'
import { needsAttention } from '#shared/display'

describe('needsAttention', () => {
  it.each([
    ['action_required', 'invalid_grant', true], ['degraded', 'server_error', true], ['unknown', 'not_verified', true],
    ['unknown', 'paused', false], ['unknown', 'not_used_yet', false], ['healthy', 'ok', false],
  ] as const)('%s, %s: %s', (state, reason, expected) => {
    expect(needsAttention({ state, reason })).toBe(expected)
  })
})
