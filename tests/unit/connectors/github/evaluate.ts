import type { ResourceDescription } from '#server/connectors/contract'
import { github } from '#server/connectors/github'
import { type Bodies, evaluateCheck, findCheck, type Outcome } from '../evaluate'

export { type Bodies, Refused } from '../evaluate'

const now = new Date('2026-11-22T12:00:00Z')

export const organization: ResourceDescription = { kind: 'organization', externalId: 'organization:7', name: 'acme', metadata: { login: 'acme' } }

export const repository: ResourceDescription = {
  kind: 'repository',
  externalId: '42',
  name: 'acme/app',
  metadata: { owner: 'acme', repository: 'app', default_branch: 'main', visibility: 'private', archived: false, disabled: false, fork: false },
}

export const archived: ResourceDescription = { ...repository, metadata: { ...repository.metadata, archived: true } }

/** Of the kind that the check asks about, unless another one is given. */
export function evaluate(id: string, bodies: Bodies, resource?: ResourceDescription): Outcome {
  const own = findCheck(github, id).kinds?.includes('organization') ? organization : repository
  return evaluateCheck(github, id, bodies, { resource: resource ?? own, now })
}
