/** Runs a check the way the scanner does: the provider's body goes through the endpoint's schema first. */
import type { Check, Connector, Evaluation, ResourceDescription } from '#server/connectors/contract'

/** An answer that is no success, for endpoints that know what their provider's words mean. */
export class Refused {
  constructor(readonly status: number, readonly body: unknown) {}
}

/** Endpoint id → body as it came over the wire, or `Refused`; `null` for a status that the endpoint declares as absent. */
export type Bodies = Record<string, unknown>

export type Outcome = Evaluation | { verdict: 'rejected', summary: string, evidence: Record<string, never> }

export function findCheck(connector: Connector, id: string): Check {
  const check = connector.checks.find(candidate => candidate.id === id)
  if (!check) throw new Error(`There is no check ${id}`)
  return check
}

/** `rejected`: the endpoint does not know the refusal, or a body did not fit its endpoint's schema, which the scanner turns into an error; the summary names the endpoint. */
export function evaluateCheck(connector: Connector, id: string, bodies: Bodies, context: { resource: ResourceDescription, now: Date }): Outcome {
  const check = findCheck(connector, id)
  const answers: Record<string, unknown> = {}
  for (const [name, endpoint] of Object.entries(check.reads)) {
    if (!Object.hasOwn(bodies, endpoint.id)) throw new Error(`The fixture of ${id} has no body for ${endpoint.id}`)
    const body = bodies[endpoint.id]
    if (body === null && endpoint.absent) {
      answers[name] = null
      continue
    }
    if (body instanceof Refused) {
      answers[name] = endpoint.otherwise?.(body)
      if (answers[name] === undefined) return { verdict: 'rejected', summary: endpoint.id, evidence: {} }
      continue
    }
    const parsed = endpoint.schema.safeParse(body)
    if (!parsed.success) return { verdict: 'rejected', summary: endpoint.id, evidence: {} }
    answers[name] = parsed.data
  }
  return check.evaluate(answers, context)
}
