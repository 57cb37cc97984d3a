import { fail, notApplicable, pass } from '#server/connectors/verdict'
import { category, defineCrossCheck } from './contract'
import { ofEach, withoutRepository } from './production-repository'
import { doubt, search, side } from './search'

const hostOf = (repository: string) => repository.slice(0, repository.indexOf('/'))

export const productionRepositoryConnected = defineCrossCheck({
  id: 'cross_production_repository_connected',
  title: 'The repository that production is built from is connected',
  severity: 'medium',
  category,
  rationale: 'What nobody connected, nobody checks: reviews, branch rules and leaked keys of this repository are seen by no scan, and what it holds goes live.',
  remediation: {
    steps: [
      'Add the repository that the evidence names to the connection that reads its host, or connect the account that it belongs to.',
      'If it is listed there and switched off, switch it on.',
      'If production should not come from it, link the deployment to the right repository.',
    ],
    url: 'https://www.cisecurity.org/controls/inventory-and-control-of-software-assets',
  },
  soc2: { criteria: ['CC6.1', 'CC8.1'], own: true },
  iso27001: { controls: ['A.5.9', 'A.8.4'], own: true },
  subject: 'deploys',
  needs: 'repository',
  without: withoutRepository,
  evaluate: (own, neighbours, { now }) => ofEach(own, ({ repository, branch }) => {
    const evidence = { repository, branch }
    const known = neighbours.of('repository')
    const found = search(known, fact => fact.repository === repository, now)
    const [covering] = found.fresh
    if (covering) return pass(`${covering.neighbour.connection} covers it.`, { ...evidence, ...side(covering.neighbour) })
    const unsure = doubt(found, evidence, now)
    if (unsure) return unsure
    const readers = known.filter(({ facts }) => facts.some(fact => hostOf(fact.repository) === hostOf(repository)))
    const connections = [...new Set(readers.map(reader => reader.connection))]
    // Nobody can be told to connect what there is no connection for.
    if (connections.length === 0) return notApplicable(`No connection reads repositories of ${hostOf(repository)}.`, evidence)
    return fail(`No connection covers ${repository}, from which production is built.`, { ...evidence, connections })
  }),
})
