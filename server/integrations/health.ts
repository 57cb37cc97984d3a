import type { HealthState } from '#shared/vocabulary'
import type { LastError } from './row'

/** How a connection is doing, from the last real calls; what a person may do about it. */
export interface Health {
  state: HealthState
  reason: string
  sentence: string
  next_action: 'reconnect' | 'wait' | 'operator' | null
}

export function healthOf(integration: { status: string, last_success_at: string | null, last_error: LastError | null }): Health {
  const { status, last_error: lastError } = integration
  if (status === 'error' || lastError?.class === 'dead_grant') {
    return { state: 'action_required', reason: lastError?.code ?? 'unknown', sentence: lastError?.message ?? 'The connection no longer works. Reconnect it.', next_action: 'reconnect' }
  }
  if (lastError) {
    return { state: 'degraded', reason: lastError.code, sentence: lastError.message, next_action: lastError.class === 'our_application' ? 'operator' : 'wait' }
  }
  if (status === 'paused') return { state: 'unknown', reason: 'paused', sentence: 'Paused: it is not scanned until you resume it.', next_action: null }
  if (!integration.last_success_at) return { state: 'unknown', reason: 'not_used_yet', sentence: 'Not used yet.', next_action: 'wait' }
  return { state: 'healthy', reason: 'ok', sentence: 'The last call with this credential succeeded.', next_action: null }
}
