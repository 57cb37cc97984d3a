import { defineCheck } from '../../contract'
import { capped, fail, holds, notApplicable } from '../../verdict'
import { judgeAlerts } from '../alerts'
import { codeAlerts, repository } from '../endpoints'

export const codeScanning = defineCheck({
  id: 'github_code_scanning',
  title: 'Code scanning looks at the code, and no critical alert is open',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'Injection, path traversal and hard-coded passwords have patterns that a machine finds in every commit, and people only in some.',
  remediation: {
    steps: [
      'Choose the default setup of code scanning under Settings, Advanced Security, or add a CodeQL workflow.',
      'Let it run once, and mend the critical alerts first.',
    ],
    url: 'https://docs.github.com/en/code-security/code-scanning/enabling-code-scanning/configuring-default-setup-for-code-scanning',
  },
  soc2: { criteria: ['CC7.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.5.4'] }],
  iso27001: { controls: ['A.8.28', 'A.8.29'], own: true },
  kinds: ['repository'],
  reads: { repository, codeAlerts },
  evaluate: ({ repository: { language }, codeAlerts: alerts }, { resource }) => {
    if (resource.metadata.archived === true) return notApplicable('The repository is archived: its code does not change.')
    if (alerts === null) {
      // Null, as opposed to not stated: GitHub looked and found no language.
      return language === null ? notApplicable('GitHub found no code in this repository.') : fail('No code scanning tool has ever reported an analysis.', { language: language ?? null })
    }
    return judgeAlerts(alerts, {
      more: false,
      severe: alert => holds(severityOf(alert.rule), severity => severity === 'critical'),
      words: ['critical alert about the code is', 'critical alerts about the code are'],
      passed: 'Code scanning reports, and no critical alert is open.',
      describe: open => ({ rules: capped([...new Set(open.map(alert => alert.rule?.id ?? 'not stated'))]) }),
    })
  },
})

/** A rule may have no security severity: such an alert is not a critical one. Not stated at all is another thing. */
function severityOf(rule: { security_severity_level?: string | null } | null | undefined): string | undefined {
  if (!rule) return undefined
  return rule.security_severity_level === null ? 'none' : rule.security_severity_level
}
