/**
 * The answers of the HTTP API as a browser sees them (docs/api.md): times are strings. Written by hand, because a type
 * imported from server code would claim Dates and drag server rooms into the pages.
 */
import type { AssessmentStatus, AssessmentTrigger, FindingStatus, ForecastCause, HealthAlert, HealthState, IntegrationStatus, NextAction, RenewalState, Resolution, RevocationOutcome, Role, Severity, Verdict } from './vocabulary'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Evidence = { [key: string]: Json }

/** `counts`: of all that the list is about, where it tells. */
export interface List<T, Counts = undefined> { data: T[], next_cursor: string | null, counts?: Counts }

/** RFC 9457. */
export interface Problem {
  type: string
  title: string
  status: number
  detail?: string
  code: string
  errors?: { field: string, message: string }[]
  /** With `scan_in_progress`: the one that runs. */
  assessment_id?: string
  /** With `connection_refused`: a code of callback-errors.ts. */
  reason?: string
}

export interface Session {
  user: { id: string, email: string }
  organization: { id: string, name: string } | null
  organizations: { id: string, name: string, role: Role }[]
  role: Role | null
}

export interface Member { user_id: string, email: string, role: Role, created_at: string }
export interface Invitation { id: string, email: string, role: Role, created_at?: string, expires_at: string }
export interface NewInvitation extends Invitation { url: string }
export interface InvitationLookup { organization: string, email: string, role: Role }

export interface Remediation { steps: string[], url: string }

export interface ProviderCheck {
  id: string
  title: string
  severity: Severity
  category: string
  rationale: string
  remediation: Remediation
  /** `own`: our own mapping, not the provider's or a benchmark's. */
  soc2: { criteria: string[], own: boolean }
  cis: { benchmark: string, ids: string[] }[]
  iso27001: { controls: string[], own: boolean } | null
  scopes: string[]
}
export type Mappings = Pick<ProviderCheck, 'soc2' | 'cis' | 'iso27001'>

/** What an operator sets for a provider beside client id and secret. */
export interface ProviderSetting { variable: string, description: string, secret: boolean, required: boolean }

export interface Provider {
  id: string
  name: string
  description: string
  brand: { icon: string, connectLabel: string }
  configured: boolean
  sandbox: boolean
  /** How many faults are switched on at its stand-in. */
  sandbox_faults: number
  missing: string[]
  settings: ProviderSetting[]
  /** Null: the provider sends nobody back. */
  redirect_uri: string | null
  /** Null: the provider sends nothing. */
  webhook_uri: string | null
  setup: { steps: string[], url: string }
  scopes: string[]
  scope_reasons: Record<string, string>
  /** What is not read although somebody might fear so, in plain words. */
  never_read: string[]
  checks: ProviderCheck[]
}

/** What a person needs to make a role that this installation can take on. */
export interface RoleGuide {
  provider: string
  organization: { id: string, name: string } | null
  /** Null: a new integration. */
  integration_id: string | null
  principal: string
  external_id: string
  /** JSON. */
  trust_policy: string
  policies: string[]
  template: { file_name: string, text: string }
  /** At the provider, with everything filled in; null: the operator has not said where the template is. */
  create_url: string | null
  /** In the sandbox only. */
  sandbox_url: string | null
  regions: { id: string, name: string }[]
  default_regions: string[]
  expires_at: string
}

export interface IntegrationConfig {
  project_id: string | null
  project_name: string | null
  expires_at: string | null
  scopes_requested: string[] | null
  scopes_granted: string[] | null
  enabled_checks: string[] | null
}

export interface Health {
  state: HealthState
  reason: string
  sentence: string
  next_action: NextAction | null
  since: string
}

export interface HealthChange {
  id: string
  /** Null: the first line of a timeline. */
  from_state: HealthState | null
  to_state: HealthState
  from_reason: string | null
  reason: string
  sentence: string
  alert: HealthAlert | null
  at: string
}

export interface ForecastItem { cause: ForecastCause, at: string | null, sentence: string, certain: boolean }
export interface Forecast { ends_at: string | null, causes: ForecastItem[] }
/** One attempt to renew credentials. `slot`: which of a grant's tokens. */
export interface Renewal {
  id: string
  slot: string
  state: RenewalState
  failure: { class: string, code: string } | null
  sent_at: string
  ended_at: string | null
}

export interface HealthReport extends Health {
  last_success_at: string | null
  forecast: Forecast
  changes: HealthChange[]
  renewals: Renewal[]
}

export interface HealthAlertEntry extends Omit<HealthChange, 'alert'> {
  alert: HealthAlert
  integration_id: string
  integration_name: string
  integration_type: string
}

export interface CalendarFeed { id: string, created_at: string, last_read_at: string | null }
export interface NewCalendarFeed extends CalendarFeed { url: string }

export interface Integration {
  id: string
  organization_id: string
  integration_type: string
  name: string
  status: IntegrationStatus
  scan_schedule: string
  schedule_text: string
  last_checked_at: string | null
  next_check_at: string | null
  created_at: string
  updated_at: string
  external_account_id: string | null
  external_account_name: string | null
  sandbox: boolean
  connected_by: string | null
  scan_new_resources: boolean
  last_success_at: string | null
  last_error: { class: string, code: string, message: string, at: string } | null
  health: Health
  config: IntegrationConfig
}

export interface ScopeUse {
  scope: string
  reason: string
  /** `not_said`: the provider did not tell what it granted. */
  state: 'granted' | 'not_granted' | 'not_said'
  /** Needed to find the account and its resources. */
  discovery: boolean
  checks: { id: string, title: string }[]
}

export interface ScopeReport {
  requested: string[]
  /** Null: the provider did not say. */
  granted: string[] | null
  missing: { scope: string, reason: string, checks: { id: string, title: string }[] }[]
  unused: string[]
  discovery: string[]
  /** All that is needed, missing ones first. */
  scopes: ScopeUse[]
}

export interface ProviderAccount { external_account_id: string, external_account_name: string, sandbox: boolean }

/** A reconnect that came back with another account. */
export interface PendingConnection {
  id: string
  integration_type: string
  /** What the provider calls an account's id: `organization slug`. */
  account_kind: string
  expires_at: string
  wanted: (ProviderAccount & { id: string, name: string }) | null
  found: ProviderAccount
  /** The integration that the found account belongs to already. */
  existing: { id: string, name: string } | null
}

/** A connection that was started at the provider and waits for a word. */
export interface Installation {
  provider: string
  organization: { id: string, name: string } | null
  /** What the provider's answer says of it: anybody's text. */
  facts: Record<string, string>
  sandbox: boolean
  expires_at: string
}

export interface IntegrationPatch {
  name?: string
  status?: 'active' | 'paused'
  scan_schedule?: string
  scan_new_resources?: boolean
  enabled_checks?: string[]
}

export interface Resource {
  id: string
  integration_id: string
  kind: string
  external_id: string
  name: string
  enabled: boolean
  /** Came in switched off, and nobody has said yet whether it is to be scanned. */
  awaits_choice: boolean
  metadata: Evidence
  missing_since: string | null
  created_at: string
}

/** Of all that an integration has; `matching`: of those that were asked for. */
export interface ResourceCounts { total: number, enabled: number, missing: number, awaiting_choice: number, matching: number, kinds: Record<string, number> }
export interface ResourceList extends List<Resource, ResourceCounts> { counts: ResourceCounts }
/** What is looked for; what it does not say, does not matter. */
export interface ResourceFilter { q?: string, kind?: string, enabled?: boolean, missing?: boolean, awaits_choice?: boolean }

export type Counts = Record<Verdict, number>

export interface Result {
  check_id: string
  resource_id: string
  resource_name: string
  verdict: Verdict
  severity: Severity
  category: string
  summary: string
  evidence: Evidence
  checked_at: string
}

export interface Assessment {
  id: string
  integration_id: string
  trigger: AssessmentTrigger
  status: AssessmentStatus
  progress: { done: number, total: number }
  score: number | null
  counts: Counts
  error: { code: string, message: string } | null
  /** What has to be known beside the results of a run that went to its end. */
  notice: { code: string, message: string } | null
  /** The provider's limit is used up: it goes on then. */
  paused_until: string | null
  created_at: string
  started_at: string | null
  finished_at: string | null
  results?: Result[]
}

export interface Finding {
  id: string
  integration_id: string
  resource_id: string
  resource_name: string
  check_id: string
  title: string
  severity: Severity
  category: string
  status: FindingStatus
  summary: string
  evidence: Evidence
  rationale: string
  remediation: Remediation
  first_seen_at: string
  last_seen_at: string
  resolved_at: string | null
  /** Null while open. */
  resolution: Resolution | null
  stale: boolean
}

export interface Overview {
  score: number | null
  counts: Counts
  findings: Record<Severity, number>
  integrations: Record<HealthState | 'total' | 'paused', number>
  last_scan_at: string | null
  next_scan_at: string | null
}

export interface AuditEntry {
  id: string
  seq: number
  action: string
  actor: { type: 'user' | 'worker' | 'system', id: string | null, email: string | null }
  target: { type: string, id: string } | null
  detail: Evidence | null
  ip: string | null
  request_id: string | null
  created_at: string
}

export interface AuditVerdict {
  ok: boolean
  checked: number
  head: { seq: number, hash: string }
  since: string | null
  first_fault: { kind: 'altered' | 'removed' | 'reordered' | 'inserted', seq: number, id: string | null, sentence: string } | null
  verified_at: string
}

export interface ReceiptToken {
  slot: string
  token: 'access_token' | 'refresh_token'
  outcome: RevocationOutcome
  attempts: number
  at: string
  reason?: string
  manual_url?: string
}

/** What became of a removed integration: as listed. */
export interface Receipt {
  id: string
  integration: { id: string, type: string, name: string, account: { id: string, name: string }, connected_at: string, sandbox: boolean }
  actor: { type: 'user', id: string, email: string }
  tokens: ReceiptToken[]
  deleted: Record<'credentials' | 'resources' | 'assessments' | 'results' | 'findings', number> & { at: string }
  created_at?: string
}

/** The signed document. Kept as it came: what checks it reads every field. */
export interface SignedReceipt extends Receipt {
  digests: Record<string, string>
  signature: { alg: 'Ed25519', kid: string, value: string }
}
