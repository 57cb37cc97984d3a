/**
 * How the vocabulary is shown: a word, an icon and a colour for each value. The icon and the word always stand
 * together, so that no state is told by colour alone.
 */
import type { Mappings } from './api'
import type { AssessmentStatus, AssessmentTrigger, ForecastCause, HealthAlert, HealthState, IntegrationStatus, RenewalState, Resolution, RevocationOutcome, Role, Severity, Verdict } from './vocabulary'

export type Tone = 'primary' | 'success' | 'warning' | 'error' | 'info' | 'neutral'
export interface Appearance { label: string, icon: string, tone: Tone }

export const severityLook: Record<Severity, Appearance> = {
  critical: { label: 'Critical', icon: 'i-lucide-octagon-alert', tone: 'error' },
  high: { label: 'High', icon: 'i-lucide-triangle-alert', tone: 'error' },
  medium: { label: 'Medium', icon: 'i-lucide-circle-alert', tone: 'warning' },
  low: { label: 'Low', icon: 'i-lucide-info', tone: 'neutral' },
}

export const verdictLook: Record<Verdict, Appearance> = {
  fail: { label: 'Failed', icon: 'i-lucide-circle-x', tone: 'error' },
  error: { label: 'Not verified', icon: 'i-lucide-circle-help', tone: 'warning' },
  pass: { label: 'Passed', icon: 'i-lucide-circle-check', tone: 'success' },
  not_applicable: { label: 'Not applicable', icon: 'i-lucide-circle-minus', tone: 'neutral' },
}

/** Why a finding is not open any more. Only what was fixed is good news. */
export const resolutionLook: Record<Resolution, Appearance> = {
  fixed: { label: 'Fixed', icon: 'i-lucide-check', tone: 'success' },
  not_applicable: { label: 'No longer applies', icon: 'i-lucide-circle-minus', tone: 'neutral' },
  gone: { label: 'Gone', icon: 'i-lucide-eye-off', tone: 'neutral' },
}

/** After the resolution, in a sentence of its own. */
export const resolutionReason: Record<Resolution, string> = {
  fixed: 'A scan saw the check pass.',
  not_applicable: 'A scan saw that the check does not apply any more.',
  gone: 'The provider no longer lists the resource. Nobody has fixed anything: if it comes back and fails again, the finding opens anew.',
}

export const healthLook: Record<HealthState | 'paused' | 'not_verified', Appearance> = {
  healthy: { label: 'Healthy', icon: 'i-lucide-circle-check', tone: 'success' },
  degraded: { label: 'Degraded', icon: 'i-lucide-triangle-alert', tone: 'warning' },
  action_required: { label: 'Action required', icon: 'i-lucide-octagon-alert', tone: 'error' },
  unknown: { label: 'Not checked yet', icon: 'i-lucide-circle-dashed', tone: 'neutral' },
  not_verified: { label: 'Not verified', icon: 'i-lucide-circle-help', tone: 'warning' },
  paused: { label: 'Paused', icon: 'i-lucide-circle-pause', tone: 'neutral' },
}

export const assessmentLook: Record<AssessmentStatus, Appearance> = {
  queued: { label: 'Queued', icon: 'i-lucide-clock', tone: 'info' },
  running: { label: 'Running', icon: 'i-lucide-loader', tone: 'info' },
  completed: { label: 'Completed', icon: 'i-lucide-circle-check', tone: 'success' },
  failed: { label: 'Failed', icon: 'i-lucide-circle-x', tone: 'error' },
  cancelled: { label: 'Cancelled', icon: 'i-lucide-circle-minus', tone: 'neutral' },
}

export const revocationLook: Record<RevocationOutcome, Appearance> = {
  revoked: { label: 'Revoked', icon: 'i-lucide-circle-check', tone: 'success' },
  already_gone: { label: 'Gone already', icon: 'i-lucide-circle-check', tone: 'success' },
  not_supported: { label: 'Cannot be revoked from here', icon: 'i-lucide-circle-minus', tone: 'warning' },
  failed: { label: 'Not revoked', icon: 'i-lucide-circle-x', tone: 'error' },
}

/** Why a token was not revoked, after the outcome. */
export const revocationReason: Record<string, string> = {
  unreachable: 'the provider could not be reached',
  timeout: 'the provider did not answer in time',
  server_error: 'the provider failed',
  rate_limited: 'the provider asked us to slow down',
  unauthorized: 'the provider did not accept our application',
  forbidden: 'the provider did not allow it',
  not_found: 'the provider has no such address',
  refused: 'the provider refused',
  redirected: 'the provider sent us elsewhere',
  too_large: 'the provider\'s answer was too large',
  not_configured: 'this installation has no application there any more',
  credential_unreadable: 'the stored credential could not be opened',
  provider_unknown: 'this version does not know the provider',
  out_of_time: 'there was no time left to try',
  refresh_running: 'it was being renewed at that moment, so a newer one may be alive',
  shared_installation: 'the provider can only end it together with other connections to the same account; our copy is deleted',
}

export const triggerLabel: Record<AssessmentTrigger, string> = {
  connect: 'On connecting',
  manual: 'Started by hand',
  schedule: 'On schedule',
  webhook: 'On news from the provider',
}

export const roleLabel: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: 'Member' }

export function lookOf(integration: { status: IntegrationStatus, health: { state: HealthState, reason: string } }): Appearance {
  return integration.status === 'paused' ? healthLook.paused : lookOfHealth(integration.health.state, integration.health.reason)
}

/** Of a state as a timeline names it: an unknown one is told by its reason. */
export function lookOfHealth(state: HealthState, reason: string): Appearance {
  return healthLook[state === 'unknown' && (reason === 'paused' || reason === 'not_verified') ? reason : state]
}

/** Whether somebody should look at a connection: it is broken, or nobody knows whether it is. Not one that was paused or is new. */
export function needsAttention({ state, reason }: { state: HealthState, reason: string }): boolean {
  return state === 'action_required' || state === 'degraded' || (state === 'unknown' && reason === 'not_verified')
}

export const alertLook: Record<HealthAlert, Appearance> = {
  action_required: healthLook.action_required,
  degraded: healthLook.degraded,
  unknown: healthLook.not_verified,
  recovered: { label: 'Recovered', icon: 'i-lucide-circle-check', tone: 'success' },
}

export const forecastLabel: Record<ForecastCause, string> = {
  refresh_token_end: 'The grant ends',
  access_token_end: 'The credential ends',
  idle_limit: 'Unused for too long',
  application_secret_end: 'The app\'s client secret ends',
  connected_by_left: 'Who connected it has left',
}

const spelled: Record<string, string> = {
  rls: 'Row level security', api: 'API', mfa: 'MFA', ssl: 'SSL', tls: 'TLS', jwt: 'JWT', url: 'URL', ip: 'IP', id: 'ID', iam: 'IAM',
  pitr: 'PITR', sso: 'SSO', cidr: 'CIDR', otp: 'OTP', auth: 'Authentication', http: 'HTTP', sql: 'SQL', oauth: 'OAuth',
}

/** `api_security` → `API security`: for the ids that connectors and checks bring along. */
export function words(id: string): string {
  const text = id.split(/[._\s-]+/).map(part => spelled[part] ?? part).join(' ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `1 check`, `2 checks`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`
}

export const renewalLook: Record<RenewalState, Appearance> = {
  sent: { label: 'Under way', icon: 'i-lucide-loader', tone: 'info' },
  stored: { label: 'Renewed', icon: 'i-lucide-check', tone: 'success' },
  failed: { label: 'Failed', icon: 'i-lucide-x', tone: 'error' },
  uncertain: { label: 'Answer lost', icon: 'i-lucide-circle-help', tone: 'warning' },
  superseded: { label: 'Replaced by a reconnect', icon: 'i-lucide-replace', tone: 'neutral' },
}

/** `SOC 2 CC6.1`, `CIS GitHub 1.2.0 1.1.4`, ...: where a check stands in each framework. `own`: by our own reading of it. */
export function mappingsOf({ soc2, cis, iso27001 }: Mappings): { framework: string, ids: string[], own: boolean }[] {
  return [
    { framework: 'SOC 2', ids: soc2.criteria, own: soc2.own },
    ...cis.map(({ benchmark, ids }) => ({ framework: benchmark, ids, own: false })),
    ...iso27001 ? [{ framework: 'ISO 27001', ids: iso27001.controls, own: iso27001.own }] : [],
  ].filter(({ ids }) => ids.length > 0)
}
