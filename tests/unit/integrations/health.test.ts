import { describe, expect, it } from 'vitest'
import { healthOf, VERIFICATION_LASTS_MS } from '#server/integrations/health'
import { wordsOf } from '#server/integrations/health-reasons'

const now = new Date('2026-01-10T00:00:00Z')
const row = (state: string, reason: string, kind?: string, last_success_at: string | null = '2026-01-09T00:00:00Z') =>
  ({ health_state: state, health_reason: reason, health_since: '2026-01-08 00:00:00+00', last_success_at, last_error: kind ? { class: kind } : null })

describe('healthOf', () => {
  it.each([
    ['healthy', 'ok', undefined, null], ['unknown', 'not_used_yet', undefined, 'wait'], ['unknown', 'not_verified', undefined, 'scan'], ['unknown', 'paused', undefined, null],
    ['degraded', 'server_error', 'passing', 'wait'], ['degraded', 'some_code', 'passing', 'wait'], ['degraded', 'unknown', undefined, 'wait'],
    ['degraded', 'invalid_client', 'our_application', 'operator'], ['degraded', 'some_code', 'our_application', 'operator'], ['degraded', 'unrecognised', 'our_application', 'operator'],
    ['action_required', 'invalid_grant', 'dead_grant', 'reconnect'], ['action_required', 'answer_lost', 'dead_grant', 'reconnect'], ['action_required', 'unauthorized', 'dead_grant', 'reconnect'],
    ['action_required', 'unknown', undefined, 'reconnect'], ['action_required', 'some_code', 'dead_grant', 'reconnect'],
  ] as const)('%s, %s, %s: %s', (state, reason, kind, next) => {
    const health = healthOf(row(state, reason, kind), now)
    expect(health).toMatchObject({ state, reason, next_action: next, since: '2026-01-08T00:00:00Z' })
    expect(health.sentence).toMatch(/^[A-Z].*\.$/)
  })

  it.each([[0, 'healthy'], [-1, 'unknown'], [1, 'healthy']])('does not show green on news of a day and a half and %i ms', (offset, state) => {
    const at = new Date(now.getTime() - VERIFICATION_LASTS_MS + offset).toISOString()
    expect(healthOf(row('healthy', 'ok', undefined, at), now).state).toBe(state)
  })

  it('says since when there is no news', () => {
    expect(healthOf(row('healthy', 'ok', undefined, '2026-01-01T00:00:00+00:00'), now)).toEqual({
      state: 'unknown', reason: 'not_verified', next_action: 'scan', since: '2026-01-02T12:00:00.000Z', sentence: 'Nothing has verified this connection for a day and a half. Scan it now.',
    })
    // Bad news does not age into none.
    expect(healthOf(row('action_required', 'invalid_grant', 'dead_grant', '2025-01-01T00:00:00Z'), now).state).toBe('action_required')
  })
})

describe('wordsOf', () => {
  it.each([
    ['action_required', 'answer_lost', /answer was lost.*Reconnect\.$/], ['action_required', 'unauthorized', /even a fresh one.*Reconnect\.$/], ['action_required', 'constructor', /^The provider no longer accepts/],
    ['degraded', 'invalid_client', /client id or secret/], ['degraded', 'rate_limited', /slow down/], ['degraded', 'toString', /tried again by itself\.$/], ['healthy', 'anything', /succeeded/],
  ] as const)('%s, %s without a class, as a timeline has it', (state, reason, sentence) => {
    expect(wordsOf(state, reason).sentence).toMatch(sentence)
  })

  it.each(['dead_grant', 'our_application', 'passing'])('tells what to do by the state, whatever the class (%s) and the code', (kind) => {
    for (const code of ['unrecognised', 'invalid_request', 'invalid_grant', 'x']) {
      expect(wordsOf('action_required', code, kind).next_action).toBe('reconnect')
      expect(wordsOf('degraded', code, kind).next_action).toBe(kind === 'our_application' ? 'operator' : 'wait')
    }
  })
})
