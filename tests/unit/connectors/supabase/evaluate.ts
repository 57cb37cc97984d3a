import { supabase } from '#server/connectors/supabase'
import type { ResourceDescription } from '#server/connectors/contract'
import { type Bodies, evaluateCheck, type Outcome } from '../evaluate'

export type { Bodies } from '../evaluate'

export const now = new Date('2026-11-22T12:00:00Z')

export const project: ResourceDescription = {
  kind: 'project',
  externalId: 'wmqzkfhvtnxcyrbdlgps',
  name: 'production',
  metadata: { organization_slug: 'brightwater' },
}

export function evaluate(id: string, bodies: Bodies): Outcome {
  return evaluateCheck(supabase, id, bodies, { resource: project, now })
}
