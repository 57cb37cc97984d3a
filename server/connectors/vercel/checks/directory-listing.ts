import { defineCheck } from '../../contract'
import { projectOf } from '../endpoints'
import { holds, judge } from '../../verdict'

export const directoryListing = defineCheck({
  id: 'vercel_directory_listing',
  title: 'Folders without an index page are not listed',
  severity: 'medium',
  category: 'data_protection',
  rationale: 'A listing shows every file of a folder: backups, source maps and drafts that nothing links to.',
  remediation: {
    steps: [
      'Open the project\'s Settings, Advanced.',
      'Switch off Directory Listing and deploy again.',
    ],
    url: 'https://vercel.com/docs/project-configuration/project-settings',
  },
  soc2: { criteria: ['CC6.1'], own: true },
  iso27001: { controls: ['8.9'], own: true },
  kinds: ['project'],
  reads: { project: projectOf },
  evaluate: ({ project }) => judge(
    [{ field: 'directoryListing', ok: holds(project.directoryListing, on => !on), wrong: 'folders without an index page are listed' }],
    'Folders are not listed.',
    { directoryListing: project.directoryListing ?? null },
  ),
})
