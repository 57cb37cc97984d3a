import { category, defineCrossCheck } from './contract'
import { fromRepository, ofEach, withoutRepository } from './production-repository'

export const productionRepositoryScanned = defineCrossCheck({
  id: 'cross_production_repository_scanned',
  title: 'The repository that production is built from is scanned for secrets',
  severity: 'high',
  category,
  rationale: 'A key in the source of what runs in production opens production. Scanning finds it before somebody else does.',
  remediation: {
    steps: [
      'Open the security settings of the repository that the evidence names, and switch on secret scanning.',
      'Look through what it finds in the history, and replace those keys.',
      'Scan the repository\'s connection again, then this one.',
    ],
    url: 'https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html',
  },
  soc2: { criteria: ['CC6.1', 'CC7.1'], own: true },
  iso27001: { controls: ['A.5.17', 'A.8.12'], own: true },
  subject: 'deploys',
  needs: 'repository',
  without: withoutRepository,
  evaluate: (own, neighbours, { now }) => ofEach(own, deploys =>
    fromRepository(deploys, neighbours, now, ({ fact }) => fact.secretScanning, { good: 'on', bad: 'off' })),
})
