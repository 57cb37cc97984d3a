/**
 * How a connection is doing, and what a person may do about it. The database derives state and reason from the last real
 * calls (`health_of`); here they get their words, and what the clock alone makes of them since the last write.
 */
import { healthStates, type HealthState, type NextAction } from '#shared/vocabulary'
import { isoTime } from '#server/utils/time'
import { wordsOf } from './health-reasons'

/** As `private.verification_lasts()`: older news than this shows no connection green. */
export const VERIFICATION_LASTS_MS = 36 * 3600 * 1000

export interface Health {
  state: HealthState
  reason: string
  sentence: string
  next_action: NextAction | null
  /** ISO 8601: when the state began. */
  since: string
}

export interface HealthColumns {
  health_state: string
  health_reason: string
  health_since: string
  last_success_at: string | null
  last_error: { class: string } | null
}

export function healthOf(row: HealthColumns, now = new Date()): Health {
  const unverifiedSince = Date.parse(row.last_success_at ?? '') + VERIFICATION_LASTS_MS
  if (row.health_state === 'healthy' && unverifiedSince < now.getTime()) {
    return { state: 'unknown', reason: 'not_verified', ...wordsOf('unknown', 'not_verified'), since: new Date(unverifiedSince).toISOString() }
  }
  const state = healthState(row.health_state)
  return { state, reason: row.health_reason, ...wordsOf(state, row.health_reason, row.last_error?.class), since: isoTime(row.health_since) }
}

/** A text of the database as one of the states it may hold. */
export function healthState(text: string): HealthState {
  return healthStates.find(state => state === text) ?? 'unknown'
}
