import { fail, pass, unverified } from '#server/connectors/verdict'
import { category, defineCrossCheck } from './contract'
import { doubt, search, side } from './search'

export const backendDeployTargetConnected = defineCrossCheck({
  id: 'cross_backend_deploy_target_connected',
  title: 'What uses this backend is connected',
  severity: 'low',
  category,
  rationale: 'Something deployed holds the keys of this backend. While nobody has connected it, no scan sees how those keys are kept, or whether anything still uses the backend at all.',
  remediation: {
    steps: [
      'Connect the account in which the application that uses this backend is deployed, and let its variables be read.',
      'If nothing uses it any more, pause or delete it.',
      'A backend that is reached under a domain of your own, or by variables that are stored as secrets, is not recognized: switch this check off for it.',
    ],
    url: 'https://www.cisecurity.org/controls/inventory-and-control-of-enterprise-assets',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.5.9'], own: true },
  subject: 'backend',
  needs: 'uses_backend',
  without: 'It has no address under which it could be used.',
  evaluate: (own, neighbours, { now }) => {
    if (own.unknown !== null) return unverified(own.unknown)
    const hosts = own.facts.flatMap(fact => fact.hosts)
    const found = search(neighbours.of('uses_backend'), fact => hosts.includes(fact.host), now)
    const [using] = found.fresh
    if (using) return pass(`${using.neighbour.resource.name} uses it.`, { host: using.fact.host, variable: using.fact.variable, ...side(using.neighbour) })
    return doubt(found, { hosts }, now) ?? fail('No connected deployment uses it under its own address.', { hosts })
  },
})
