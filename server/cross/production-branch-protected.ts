import { category, defineCrossCheck } from './contract'
import { fromRepository, ofEach, withoutRepository } from './production-repository'

export const productionBranchProtected = defineCrossCheck({
  id: 'cross_production_branch_protected',
  title: 'The branch that production is built from is protected',
  severity: 'high',
  category,
  rationale: 'Whatever reaches this branch goes live by itself. Without a rule on it, one person or one stolen token decides alone what your users get.',
  remediation: {
    steps: [
      'Open the repository that the evidence names, and add a rule for the branch that production is built from.',
      'Demand a pull request with a review, and block force pushes and deletion.',
      'Scan the repository\'s connection again, then this one.',
    ],
    url: 'https://slsa.dev/spec/v1.0/threats-overview',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  iso27001: { controls: ['A.8.4', 'A.8.32'], own: true },
  subject: 'deploys',
  needs: 'repository',
  without: withoutRepository,
  evaluate: (own, neighbours, { now }) => ofEach(own, deploys => fromRepository(deploys, neighbours, now, ({ fact }) => {
    if (deploys.branch === null) return { state: 'unknown', why: 'It is not known which branch production is built from.' }
    if (fact.protection.state === 'moot') return fact.protection
    if (deploys.branch !== fact.branch) return { state: 'unknown', why: `Production is built from ${deploys.branch}; what protects a branch is known of ${fact.branch ?? 'no branch'} only.` }
    return fact.protection
  }, { good: 'protected', bad: 'unprotected' })),
})
