/** What there is to connect. */
import type { Severity } from '../vocabulary'

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
