import type { Evaluation, ResourceDescription } from '../contract'
import { unverified } from '../verdict'

/** `team.preferences.list` takes no workspace: what an organization's token gets is not this workspace's. Null: it is. */
export function ofWholeOrganization(resource: ResourceDescription): Evaluation | null {
  return resource.metadata.install === 'workspace' ? null : unverified('Slack shows a workspace\'s preferences to an app that is installed in that workspace, not in its organization.', { reason: 'install' })
}
