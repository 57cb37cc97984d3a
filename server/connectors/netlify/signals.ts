/** What a site tells: from where production is built. A site and a team: the addresses and browser variables among their variables. */
import { definePublisher } from '../contract'
import { repositoryAddress, Unread, variableSignals } from '../signals'
import { siteSettings, variables } from './endpoints'
import { repository } from './site'

const deploys = definePublisher({
  kinds: ['site'],
  tells: ['deploys'],
  reads: { siteSettings },
  derive: ({ siteSettings: settings }) => {
    if (settings instanceof Unread) return [{ kind: 'unknown', of: 'deploys', why: settings.why }]
    const linked = repository(settings)
    if (linked === null) return []
    const address = repositoryAddress(settings.build_settings?.repo_url ?? '')
    if (address === null) return [{ kind: 'unknown', of: 'deploys', why: 'Netlify\'s answer did not say which repository the site is built from.' }]
    return [{ kind: 'deploys', repository: address, branch: settings.build_settings?.repo_branch || null }]
  },
})

const tells = ['uses_backend', 'exposed_variable'] as const

const ofVariables = definePublisher({
  kinds: ['account', 'site'],
  tells,
  reads: { variables },
  derive: ({ variables: all }) => {
    if (all instanceof Unread) return all.byPlan ? [] : tells.map(of => ({ kind: 'unknown', of, why: all.why }))
    // One value for each deploy context: each may be the one that gives a key away.
    return all.flatMap(({ key, shapes }) => (shapes?.length ? shapes : [null]).flatMap(shape => variableSignals(key, shape)))
  },
})

export const signals = [deploys, ofVariables] as const
