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

export const assessmentTriggers = ['connect', 'manual', 'schedule'] as const
export type AssessmentTrigger = (typeof assessmentTriggers)[number]

export const verdicts = ['pass', 'fail', 'error', 'not_applicable'] as const
export type Verdict = (typeof verdicts)[number]

/** Most urgent first. */
export const severities = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof severities)[number]

export const findingStatuses = ['open', 'resolved'] as const
export type FindingStatus = (typeof findingStatuses)[number]

export const healthStates = ['healthy', 'degraded', 'action_required', 'unknown'] as const
export type HealthState = (typeof healthStates)[number]

export const revocationOutcomes = ['revoked', 'already_gone', 'not_supported', 'failed'] as const
export type RevocationOutcome = (typeof revocationOutcomes)[number]
