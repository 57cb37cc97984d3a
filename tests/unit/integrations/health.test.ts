import { describe, expect, it } from 'vitest'
import { healthOf } from '#server/integrations/health'

const error = (kind: string) => ({ class: kind, code: 'some_code', message: 'Some sentence.', at: '2026-01-01T00:00:00Z' })
const success = '2026-01-01T00:00:00Z'

describe('healthOf', () => {
  it.each([
    // status, last success, last error → state, next action
    ['active', success, null, 'healthy', null], ['active', null, null, 'unknown', 'wait'],
    ['active', success, 'passing', 'degraded', 'wait'], ['active', success, 'our_application', 'degraded', 'operator'],
    ['active', success, 'dead_grant', 'action_required', 'reconnect'], ['error', success, 'dead_grant', 'action_required', 'reconnect'], ['error', success, null, 'action_required', 'reconnect'],
    ['paused', success, null, 'unknown', null], ['paused', null, null, 'unknown', null], ['paused', success, 'dead_grant', 'action_required', 'reconnect'], ['paused', success, 'passing', 'degraded', 'wait'],
  ] as const)('%s, success %s, error %s: %s, %s', (status, last_success_at, kind, state, next) => {
    const health = healthOf({ status, last_success_at, last_error: kind && error(kind) })
    expect([health.state, health.next_action]).toEqual([state, next])
    expect(health.sentence).toMatch(/^[A-Z].*\.$/)
    if (kind) expect(health).toMatchObject({ reason: 'some_code', sentence: 'Some sentence.' })
  })
})
