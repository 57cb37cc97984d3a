import { defineCheck } from '../../contract'
import { holds, judge } from '../../verdict'
import { organization } from '../endpoints'

const no = (value: boolean | null | undefined) => holds(value, allowed => !allowed)

export const repoCreationLimited = defineCheck({
  id: 'github_repo_creation_limited',
  title: 'Members can neither publish nor delete repositories',
  severity: 'high',
  category: 'access_control',
  rationale: 'One click makes a private repository public, with its whole history, or removes it. That is a decision of a few.',
  remediation: {
    steps: [
      'Open Settings, Member privileges of the organization.',
      'Untick the creation of public repositories, the change of visibility, and the deletion and transfer of repositories.',
    ],
    url: 'https://docs.github.com/en/organizations/managing-organization-settings/restricting-repository-creation-in-your-organization',
  },
  soc2: { criteria: ['CC6.3'], own: true },
  cis: [{ benchmark: 'CIS GitHub 1.2.0', ids: ['1.2.2', '1.2.3'] }],
  iso27001: { controls: ['A.5.15', 'A.8.4', 'A.8.12'], own: true },
  kinds: ['organization'],
  reads: { organization },
  evaluate: ({ organization: settings }) => judge([
    { field: 'members_can_create_public_repositories', ok: no(settings.members_can_create_public_repositories), wrong: 'members may create public repositories' },
    { field: 'members_can_change_repo_visibility', ok: no(settings.members_can_change_repo_visibility), wrong: 'members may publish private repositories' },
    { field: 'members_can_delete_repositories', ok: no(settings.members_can_delete_repositories), wrong: 'members may delete repositories' },
  ], 'Only owners publish or delete repositories.', {
    members_can_create_public_repositories: settings.members_can_create_public_repositories ?? null,
    members_can_change_repo_visibility: settings.members_can_change_repo_visibility ?? null,
    members_can_delete_repositories: settings.members_can_delete_repositories ?? null,
  }),
})
