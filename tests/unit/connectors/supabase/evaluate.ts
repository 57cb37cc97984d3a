/** Runs a check the way the scanner does: the provider's body goes through the endpoint's schema first. */
import { supabase } from '#server/connectors/supabase'
import type { Check, Evaluation, ResourceDescription } from '#server/connectors/contract'

export const now = new Date('2026-11-22T12:00:00Z')

export const project: ResourceDescription = {
  kind: 'project',
  externalId: 'wmqzkfhvtnxcyrbdlgps',
  name: 'production',
  metadata: { organization_slug: 'brightwater' },
}

/** Endpoint id → body as it came over the wire; `null` for a status that the endpoint declares as absent. */
export type Bodies = Record<string, unknown>

export function findCheck(id: string): Check {
  const check = supabase.checks.find(candidate => candidate.id === id)
  if (!check) throw new Error(`There is no check ${id}`)
  return check
}

export function evaluate(id: string, bodies: Bodies): Evaluation | { verdict: 'rejected', summary: string, evidence: Record<string, never> } {
  const check = findCheck(id)
  const answers: Record<string, unknown> = {}
  for (const [name, endpoint] of Object.entries(check.reads)) {
    if (!Object.hasOwn(bodies, endpoint.id)) throw new Error(`The fixture of ${id} has no body for ${endpoint.id}`)
    const body = bodies[endpoint.id]
    if (body === null && endpoint.absent) {
      answers[name] = null
      continue
    }
    const parsed = endpoint.schema.safeParse(body)
    if (!parsed.success) return { verdict: 'rejected', summary: endpoint.id, evidence: {} }
    answers[name] = parsed.data
  }
  return check.evaluate(answers, { resource: project, now })
}
