import { defineCheck } from '../../contract'
import { capped, notApplicable } from '../../verdict'
import { isFull, judgeAlerts } from '../alerts'
import { secretAlerts } from '../endpoints'

export const secretAlertsOpen = defineCheck({
  id: 'github_secret_alerts_open',
  title: 'No leaked secret is open',
  severity: 'critical',
  category: 'data_protection',
  rationale: 'A key in the history of a repository is known to everybody who has ever cloned it, and stays valid until it is withdrawn.',
  remediation: {
    steps: [
      'Withdraw each secret named in the evidence where it was made, and put a new one into a secret store.',
      'Look for uses of the old one in the logs of its service.',
      'Close the alert with what was done.',
    ],
    url: 'https://docs.github.com/en/code-security/secret-scanning/managing-alerts-from-secret-scanning/resolving-alerts',
  },
  soc2: { criteria: ['CC6.1', 'CC7.1'], own: true },
  iso27001: { controls: ['A.5.17', 'A.8.12'], own: true },
  kinds: ['repository'],
  reads: { secretAlerts },
  evaluate: ({ secretAlerts: alerts }) => {
    if (alerts === null) return notApplicable('Secret scanning is off, so nobody has looked for leaked secrets.')
    return judgeAlerts(alerts, {
      more: isFull(alerts),
      severe: () => true,
      words: ['leaked secret is', 'leaked secrets are'],
      passed: 'Secret scanning knows no open leak.',
      describe: open => ({ kinds: capped([...new Set(open.map(alert => alert.secret_type ?? 'not stated'))]) }),
    })
  },
})
