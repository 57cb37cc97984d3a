/**
 * The words both sides of the API must agree on. Plain data: pages import this file, so it stays free of libraries.
 */

export const roles = ['owner', 'admin', 'member'] as const
export type Role = (typeof roles)[number]

/** Ordered: a role may do all that the roles after it may do. */
export function roleAtLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(needed)
}

export const integrationStatuses = ['active', 'error', 'paused'] as const
export type IntegrationStatus = (typeof integrationStatuses)[number]

export const assessmentStatuses = ['queued', 'running', 'completed', 'failed', 'cancelled'] as const
export type AssessmentStatus = (typeof assessmentStatuses)[number]

export const assessmentTriggers = ['connect', 'manual', 'schedule', 'webhook'] as const
export type AssessmentTrigger = (typeof assessmentTriggers)[number]

export const verdicts = ['pass', 'fail', 'error', 'not_applicable'] as const
export type Verdict = (typeof verdicts)[number]

/** Most urgent first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

export const findingStatuses = ['open', 'resolved'] as const
export type FindingStatus = (typeof findingStatuses)[number]

/** Why a finding is not open any more. `gone`: the provider no longer lists its resource. */
export const resolutions = ['fixed', 'not_applicable', 'gone'] as const
export type Resolution = (typeof resolutions)[number]

export const healthStates = ['healthy', 'degraded', 'action_required', 'unknown'] as const
export type HealthState = (typeof healthStates)[number]

export const revocationOutcomes = ['revoked', 'already_gone', 'not_supported', 'failed'] as const
export type RevocationOutcome = (typeof revocationOutcomes)[number]
/** What to do about a connection's health, and whose it is. */
export const nextActions = ['reconnect', 'wait', 'operator', 'scan'] as const
export type NextAction = (typeof nextActions)[number]

/** A change of health that somebody should know of. */
export const healthAlerts = ['action_required', 'degraded', 'unknown', 'recovered'] as const
export type HealthAlert = (typeof healthAlerts)[number]

/** What ends a connection if nothing happens. */
export const forecastCauses = ['refresh_token_end', 'access_token_end', 'idle_limit', 'application_secret_end', 'connected_by_left'] as const
export type ForecastCause = (typeof forecastCauses)[number]

/** How far the renewal of a credential came. `sent`: no result yet. */
export const renewalStates = ['sent', 'stored', 'failed', 'uncertain', 'superseded'] as const
export type RenewalState = (typeof renewalStates)[number]
