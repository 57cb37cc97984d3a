import { defineCheck } from '../../contract'
import { holds, judge, notApplicable, unverified } from '../../verdict'
import { siteSettings } from '../endpoints'
import { repository } from '../site'

export const productionFromGit = defineCheck({
  id: 'netlify_production_from_git',
  title: 'Production is published from the repository only',
  severity: 'medium',
  category: 'supply_chain',
  rationale: 'With a token or a login anybody on the team can upload a folder to production past review and history. Nothing in the repository then shows what is live.',
  remediation: {
    steps: [
      'Open Project configuration, Build & deploy.',
      'Allow production deploys from Git only; uploads by hand, by the CLI and by the API then become previews.',
    ],
    url: 'https://docs.netlify.com/deploy/manage-deploys/manage-deploys-overview/',
  },
  soc2: { criteria: ['CC8.1'], own: true },
  iso27001: { controls: ['A.8.32'], own: true },
  kinds: ['site'],
  reads: { siteSettings },
  evaluate: ({ siteSettings: site }) => {
    const repo = repository(site)
    if (repo === undefined) return unverified('Netlify\'s answer did not say how the site is built.')
    if (repo === null) return notApplicable('The site is not built from a repository.')
    return judge([
      { field: 'prevent_non_git_prod_deploys', ok: holds(site.prevent_non_git_prod_deploys, on => on), wrong: 'production can also be published by an upload' },
    ], 'Only the repository is published to production.', {})
  },
})
