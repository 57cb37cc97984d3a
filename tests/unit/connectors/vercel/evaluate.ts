import { vercel } from '#server/connectors/vercel'
import type { ResourceDescription } from '#server/connectors/contract'
import { type Bodies, evaluateCheck, findCheck, type Outcome } from '../evaluate'

export type { Bodies } from '../evaluate'

export const now = new Date('2026-11-22T12:00:00Z')
export const day = 86_400_000
/** As Vercel writes times. */
export const daysAgo = (days: number) => now.getTime() - days * day

export const facts = { installation_id: 'icfg_8Kq2', user_id: 'usr_5Lm1', team_id: 'team_3Rw9' }
export const project: ResourceDescription = { kind: 'project', externalId: 'prj_7Tz4', name: 'storefront', metadata: {} }
export const team: ResourceDescription = { kind: 'team', externalId: 'team_3Rw9', name: 'Larkspur', metadata: {} }

export function evaluate(id: string, bodies: Bodies): Outcome {
  return evaluateCheck(vercel, id, bodies, { resource: findCheck(vercel, id).kinds?.[0] === 'team' ? team : project, now })
}
