/** Open alerts. The secret stands in its alert unless it is asked to be hidden, as at GitHub. */
import type { JsonValue } from '../../store'

const found = '2026-09-14T08:30:00Z'
const open = { state: 'open', created_at: found, updated_at: found, dismissed_at: null, dismissed_by: null, dismissed_reason: null, dismissed_comment: null, fixed_at: null }

export function secretAlert(base: string, number: number, type: string, hidden: boolean): JsonValue {
  const url = `${base}/secret-scanning/alerts/${number}`
  return {
    number,
    created_at: found,
    url,
    html_url: url,
    locations_url: `${url}/locations`,
    state: 'open',
    resolution: null,
    resolved_at: null,
    resolved_by: null,
    secret_type: type,
    secret_type_display_name: type.replaceAll('_', ' '),
    secret: hidden ? '***' : 'sandbox-leaked-secret-that-nobody-may-keep',
    push_protection_bypassed: false,
    validity: 'unknown',
  }
}

export function dependabotAlert(base: string, number: number, name: string): JsonValue {
  const url = `${base}/dependabot/alerts/${number}`
  const package_ = { ecosystem: 'npm', name }
  const vulnerability = { package: package_, severity: 'critical', vulnerable_version_range: '< 2.0.0', first_patched_version: { identifier: '2.0.0' } }
  return {
    number,
    ...open,
    dependency: { package: package_, manifest_path: 'package-lock.json', scope: 'runtime' },
    security_advisory: {
      ghsa_id: 'GHSA-sand-boxa-dvis',
      cve_id: null,
      summary: 'Made up',
      description: 'Made up',
      severity: 'critical',
      vulnerabilities: [vulnerability],
      cvss: { score: 9.8, vector_string: null },
      cwes: [],
      identifiers: [{ type: 'GHSA', value: 'GHSA-sand-boxa-dvis' }],
      references: [],
      published_at: found,
      updated_at: found,
      withdrawn_at: null,
    },
    security_vulnerability: vulnerability,
    url,
    html_url: url,
  }
}

export function codeAlert(base: string, number: number, rule: string): JsonValue {
  const url = `${base}/code-scanning/alerts/${number}`
  return {
    number,
    ...open,
    url,
    html_url: url,
    instances_url: `${url}/instances`,
    rule: { id: rule, name: rule, severity: 'error', security_severity_level: 'critical', description: rule },
    tool: { name: 'CodeQL', guid: null, version: '2.20.0' },
    most_recent_instance: { ref: 'refs/heads/main', state: 'open', commit_sha: '5ec2e7c0ffee', location: { path: 'src/index.ts', start_line: 12 } },
  }
}
