/** What could not be verified is not a pass: the same questions to every connector. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Connector } from '#server/connectors/contract'
import { type Bodies, findCheck, type Outcome } from './evaluate'

export interface NeverAPass {
  connector: Connector
  evaluate: (id: string, bodies: Bodies) => Outcome
  /** For every check a set of answers with which it passes. */
  passing: Readonly<Record<string, Bodies>>
  /** Whether a field, by its last name, decides this check: without it the check must not pass. `path` leads to it from the endpoint's id. */
  decides: (id: string, field: string, path: Path) => boolean
  /** Whether leaving the field out is the provider's way to say "not set"; it must be readable where it is there. */
  optional?: (id: string, field: string) => boolean
  /** Answers that are one for this check although they hold nothing: an empty list of what must not be there. */
  answered?: (id: string, body: unknown) => boolean
}

export function neverAPass({ connector, evaluate, passing, decides, optional = () => false, answered = () => false }: NeverAPass): void {
  const everyRead = (id: string, body: unknown): Bodies => Object.fromEntries(Object.values(findCheck(connector, id).reads).map(endpoint => [endpoint.id, body]))

  describe.each(connector.checks.map(check => check.id))('%s', (id) => {
    it.each([
      ['nothing', {}], ['an empty list', []], ['null', null], ['a word', 'ok'], ['a number', 1], ['true', true],
      ['an error body', { message: 'Something went wrong' }], ['another provider\'s answer', { ok: true, data: [] }],
    ])('does not pass on %s', (_name, body) => {
      expect(evaluate(id, everyRead(id, body)).verdict === 'pass').toBe(answered(id, body))
    })

    it('does not pass on any JSON', () => {
      fc.assert(fc.property(fc.jsonValue(), body => answered(id, body) || evaluate(id, everyRead(id, body)).verdict !== 'pass'), { numRuns: 300 })
    })

    it('does not pass once a field that decides is missing or odd', () => {
      const base = passing[id] ?? {}
      expect(evaluate(id, base)).toMatchObject({ verdict: 'pass' })
      const tried = [...leaves(base)].map(path => ({ path, field: String(path.findLast(key => typeof key === 'string')) })).filter(({ field, path }) => decides(id, field, path))
      expect(tried.length).toBeGreaterThan(0)
      for (const { path, field } of tried) {
        for (const value of [...optional(id, field) ? [] : [undefined], { odd: true }]) {
          expect({ path, verdict: evaluate(id, changed(base, path, value)).verdict }).not.toMatchObject({ verdict: 'pass' })
        }
      }
    })
  })
}

type Path = (string | number)[]

/** Every field below an endpoint's body: objects and lists themselves too. */
function* leaves(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 1) yield path
  if (Array.isArray(value)) {
    // The last entry is the one that decides in these fixtures; without the others there is nothing less to see.
    if (value.length > 0) yield* leaves(value[value.length - 1], [...path, value.length - 1])
  }
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) yield* leaves(child, [...path, key])
  }
}

function changed(bodies: Bodies, path: Path, value: unknown): Bodies {
  const copy = structuredClone(bodies)
  const last = path[path.length - 1]
  const holder = path.slice(0, -1).reduce<unknown>((at, key) => Reflect.get(Object(at), key), copy)
  if (last === undefined) throw new Error('An empty path')
  Reflect.set(Object(holder), last, value)
  return copy
}
