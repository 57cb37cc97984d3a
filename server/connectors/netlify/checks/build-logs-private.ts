import { defineCheck } from '../../contract'
import { holds, judge, notApplicable, unverified } from '../../verdict'
import { siteSettings } from '../endpoints'
import { repository } from '../site'

export const buildLogsPrivate = defineCheck({
  id: 'netlify_build_logs_private',
  title: 'Logs of builds from a public repository are private',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'Tools print addresses, names of internal systems and now and then a token. The log of a public repository\'s build can be read by everybody unless it is made private.',
  remediation: {
    steps: [
      'Open Project configuration, Build & deploy, Continuous deployment, Build settings.',
      'Set the visibility of logs to private.',
      'Look through the latest logs for secrets, and replace those that you find.',
    ],
    url: 'https://docs.netlify.com/monitor-sites/logs/',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['A.8.12'], own: true },
  kinds: ['site'],
  reads: { siteSettings },
  evaluate: ({ siteSettings: site }) => {
    const repo = repository(site)
    if (repo === undefined) return unverified('Netlify\'s answer did not say how the site is built.')
    if (repo === null) return notApplicable('The site is not built from a repository.')
    if (repo.isPublic === false) return notApplicable('The repository is private, and so are its logs.')
    return judge([
      { field: 'public_repo', ok: repo.isPublic, wrong: '' },
      { field: 'private_logs', ok: holds(repo.privateLogs, on => on), wrong: 'everybody can read the logs of the builds' },
    ], 'The logs of the builds are private.', {})
  },
})
