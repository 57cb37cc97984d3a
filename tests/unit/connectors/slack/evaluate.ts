import type { ResourceDescription } from '#server/connectors/contract'
import { slack } from '#server/connectors/slack'
import { type Bodies, evaluateCheck, type Outcome } from '../evaluate'

export type { Bodies } from '../evaluate'

export const now = new Date('2026-11-22T12:00:00Z')

export const workspace: ResourceDescription = {
  kind: 'workspace',
  externalId: 'T012AB3C4',
  name: 'Acme',
  metadata: { domain: 'acme', enterprise_id: null, install: 'workspace' },
}

/** One of an organization's workspaces. */
export const inOrganization: ResourceDescription = { ...workspace, metadata: { ...workspace.metadata, enterprise_id: 'E012AB3C4', install: 'organization' } }

export function evaluate(id: string, bodies: Bodies, resource: ResourceDescription = workspace): Outcome {
  return evaluateCheck(slack, id, bodies, { resource, now })
}
