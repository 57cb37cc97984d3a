import { defineCheck } from '../../contract'
import { capped, fail, holds, notApplicable } from '../../verdict'
import { isFull, judgeAlerts } from '../alerts'
import { dependabotAlerts } from '../endpoints'

export const dependabot = defineCheck({
  id: 'github_dependabot',
  title: 'Dependency alerts are on, and no critical one is open',
  severity: 'high',
  category: 'supply_chain',
  rationale: 'Most of a product is written by others. Holes in it are published, with instructions, on the day they become known.',
  remediation: {
    steps: [
      'Switch on the dependency graph and Dependabot alerts under Settings, Advanced Security.',
      'Update the packages named in the evidence; Dependabot security updates open the pull requests for it.',
      'Dismiss an alert only with the reason why it does not reach you.',
    ],
    url: 'https://docs.github.com/en/code-security/dependabot/dependabot-alerts/configuring-dependabot-alerts',
  },
  soc2: { criteria: ['CC7.1'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.5.5'] }],
  iso27001: { controls: ['A.8.8'], own: true },
  kinds: ['repository'],
  reads: { dependabotAlerts },
  evaluate: ({ dependabotAlerts: alerts }, { resource }) => {
    if (resource.metadata.archived === true) return notApplicable('The repository is archived, and GitHub looks at no dependencies there.')
    if (alerts === null) return fail('Dependabot alerts are off.', { enabled: false })
    return judgeAlerts(alerts, {
      more: isFull(alerts),
      severe: alert => holds(alert.security_advisory?.severity, severity => severity === 'critical'),
      words: ['critical alert about a dependency is', 'critical alerts about dependencies are'],
      passed: 'Dependabot alerts are on, and no critical one is open.',
      describe: open => ({
        enabled: true,
        packages: capped([...new Set(open.map(alert => `${alert.dependency?.package?.name ?? 'a package'} (${alert.security_advisory?.ghsa_id ?? 'no id'})`))]),
      }),
    })
  },
})
