import { defineCheck } from '../../contract'
import { projectOf } from '../endpoints'
import { fail, notApplicable, pass, unverified } from '../../verdict'

export const firewallEnabled = defineCheck({
  id: 'vercel_firewall_enabled',
  title: 'The project\'s firewall is on, and managed rulesets that are set up are not all off',
  severity: 'high',
  category: 'network',
  rationale: 'The firewall is what stops known attacks, bots and single addresses before they reach the code. Switched off it stops none of them.',
  remediation: {
    steps: [
      'Open the project\'s Firewall tab and switch the firewall on.',
      'Under Bot Management and Rules activate the managed rulesets that the plan has: first to log, then to challenge or deny.',
    ],
    url: 'https://vercel.com/docs/vercel-firewall/vercel-waf/managed-rulesets',
  },
  soc2: { criteria: ['CC6.6'], own: true },
  iso27001: { controls: ['8.20', '8.23'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project: { security } }) => {
    if (security === null) return notApplicable('Vercel shows no firewall settings for this project: it has none of its own.')
    const rules = Object.entries(security?.managedRules ?? {})
    const idle = rules.filter(([, rule]) => rule?.active === false).map(([name]) => name)
    const evidence = {
      firewallEnabled: security?.firewallEnabled ?? null,
      attackModeEnabled: security?.attackModeEnabled ?? null,
      managed_rulesets: Object.fromEntries(rules.map(([name, rule]) => [name, rule?.active === true ? rule.action ?? 'active' : rule?.active === false ? 'off' : null])),
    }
    if (security?.firewallEnabled === false) return fail('The firewall is off.', evidence)
    if (rules.length > 0 && idle.length === rules.length) return fail('The firewall is on, but every managed ruleset is off.', evidence)
    if (security?.firewallEnabled !== true) return unverified('Vercel\'s answer did not say firewallEnabled.', evidence)
    if (security.managedRules === undefined || rules.some(([, rule]) => typeof rule?.active !== 'boolean')) return unverified('Vercel\'s answer did not say which managed rulesets are active.', evidence)
    return pass(rules.length > 0 ? 'The firewall is on, with managed rulesets.' : 'The firewall is on; no managed ruleset is set up.', evidence)
  },
})
