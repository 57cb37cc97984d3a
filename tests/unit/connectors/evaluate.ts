/** Runs a check the way the scanner does: the provider's body goes through the endpoint's schema first. */
import type { Check, Connector, Evaluation, ResourceDescription } from '#server/connectors/contract'

/** Endpoint id → body as it came over the wire; `null` for a status that the endpoint declares as absent. */
export type Bodies = Record<string, unknown>
/** `rejected`: the endpoint's schema refused the body, as the scanner then makes an error of it. */
export type Outcome = Evaluation | { verdict: 'rejected', summary: string, evidence: Record<string, never> }

export interface Evaluator {
  findCheck: (id: string) => Check
  evaluate: (id: string, bodies: Bodies) => Outcome
}

/** @param resourceFor what the check is asked about, by its kinds */
export function evaluatorOf(connector: Connector, resourceFor: (check: Check) => ResourceDescription, now: Date): Evaluator {
  function findCheck(id: string): Check {
    const check = connector.checks.find(candidate => candidate.id === id)
    if (!check) throw new Error(`There is no check ${id}`)
    return check
  }

  function evaluate(id: string, bodies: Bodies): Outcome {
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
    return check.evaluate(answers, { resource: resourceFor(check), now })
  }

  return { findCheck, evaluate }
}
