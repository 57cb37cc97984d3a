/** Connections, their resources, and those that wait for a word. */
import type { IntegrationStatus } from '../vocabulary'
import type { Evidence, List } from './common'
import type { Health } from './health'

export interface IntegrationConfig {
  project_id: string | null
  project_name: string | null
  expires_at: string | null
  scopes_requested: string[] | null
  scopes_granted: string[] | null
  enabled_checks: string[] | null
}

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
