import type { ResourceDescription } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import { evaluatorOf } from '../evaluate'

export type { Bodies } from '../evaluate'

export const workspace: ResourceDescription = {
  kind: 'workspace',
  externalId: 'T012AB3C4',
  name: 'Acme',
  metadata: { domain: 'acme', enterprise_id: null, install: 'workspace' },
}

/** One of an organization's workspaces. */
export const inOrganization: ResourceDescription = { ...workspace, metadata: { ...workspace.metadata, enterprise_id: 'E012AB3C4', install: 'organization' } }

export const evaluator = evaluatorOf(slack, workspace)
export const { evaluate } = evaluator
