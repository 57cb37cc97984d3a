/** Scans and what they found. */
import type { AssessmentStatus, AssessmentTrigger, FindingStatus, HealthState, Resolution, Severity, Verdict } from '../vocabulary'
import type { Evidence } from './common'
import type { Remediation } from './providers'

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
