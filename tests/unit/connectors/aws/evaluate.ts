import type { ResourceDescription } from '#server/connectors/contract'
import { aws } from '#server/connectors/aws'
import { type Bodies, evaluateCheck, findCheck, type Outcome } from '../evaluate'

export const now = new Date('2026-11-22T12:00:00Z')

export const account: ResourceDescription = { kind: 'account', externalId: '123456789012', name: 'acme', metadata: { account_id: '123456789012' } }
export const region: ResourceDescription = { kind: 'region', externalId: '123456789012/eu-west-1', name: 'Europe (Ireland)', metadata: { account_id: '123456789012', region: 'eu-west-1', opt_in: 'opt-in-not-required' } }

export function evaluate(id: string, bodies: Bodies): Outcome {
  return evaluateCheck(aws, id, bodies, { now, resource: findCheck(aws, id).kinds?.[0] === 'region' ? region : account })
}
