import type { ResourceDescription } from '#server/connectors/contract'
import { netlify } from '#server/connectors/netlify'
import { type Bodies, evaluateCheck, findCheck, type Outcome } from '../evaluate'

export const now = new Date('2026-11-22T12:00:00Z')

export const team: ResourceDescription = { kind: 'account', externalId: 'team1', name: 'Acme', metadata: { slug: 'acme', plan: 'Pro' } }
export const site: ResourceDescription = {
  kind: 'site', externalId: '3f9a1c2e-5b7d-4e8f-9a0b-1c2d3e4f5a6b', name: 'www', metadata: { account_id: 'team1', account_slug: 'acme', plan: 'Pro', disabled: false, team_password: false, team_password_context: 'all' },
}

/** @param metadata over that of the resource that the check is about */
export function evaluate(id: string, bodies: Bodies, metadata: ResourceDescription['metadata'] = {}): Outcome {
  const resource = findCheck(netlify, id).kinds?.[0] === 'site' ? site : team
  return evaluateCheck(netlify, id, bodies, { now, resource: { ...resource, metadata: { ...resource.metadata, ...metadata } } })
}
