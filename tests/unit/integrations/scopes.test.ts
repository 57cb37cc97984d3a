import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineCheck, type Check, type Connector, type Endpoint } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { allChecksOf, optionalScopesOf } from '#server/cross'
import { missingScopes, neededScopes, scopeReport, scopesOf } from '#server/integrations/scopes'
import { connectorWith } from '../oauth/support'

const endpoint = (scope: string): Endpoint => ({ id: scope, path: () => '/x', schema: z.unknown(), scope })
const check = (id: string, ...scopes: string[]): Check => defineCheck({
  id, title: `Title of ${id}`, severity: 'low', category: 'c', rationale: '', remediation: { steps: [], url: '' }, soc2: { criteria: [], own: true },
  reads: Object.fromEntries(scopes.map(scope => [scope, endpoint(scope)])), evaluate: () => ({ verdict: 'pass', summary: '', evidence: {} }),
})
const names = (...scopes: string[]) => scopes.map(name => ({ name, reason: `Why ${name}` }))

function connector(asked: string[], checks: Check[], discovery: string[] = [], scopeCovers?: Connector['authorization']['scopeCovers']): Connector {
  return { ...connectorWith({ scopes: names(...asked), scopeCovers }), checks, discovery: discovery.map(endpoint) }
}
const writeReads = (granted: string, needed: string) => granted.replace(':write', ':read') === needed

describe.each(allConnectors().map(one => ({ ...one, checks: allChecksOf(one), optionalScopes: optionalScopesOf(one) })))('$id', (own) => {
  const asked = own.authorization.scopes.map(scope => scope.name)
  const extra = own.optionalScopes

  it('asks for all that its checks and its discovery need', () => {
    for (const one of own.checks) expect([...asked, ...extra], one.id).toEqual(expect.arrayContaining(scopesOf(one)))
    for (const one of own.discovery) expect(asked, one.id).toContain(one.scope)
  })

  it('asks for nothing that nobody uses', () => {
    expect(scopeReport(own, { requested: asked, granted: asked })).toMatchObject({ missing: [], unused: [] })
    expect(neededScopes(own)).toEqual(asked)
  })

  it('knows what a permission is for that it does not ask for, where it has it', () => {
    const { scopes, unused } = scopeReport(own, { requested: asked, granted: [...asked, ...extra] })
    expect(unused).toEqual([])
    for (const scope of extra) expect(scopes.find(one => one.scope === scope)?.checks.length, scope).toBeGreaterThan(0)
  })

  it('loses with each permission exactly the checks that read with it', () => {
    for (const lost of asked) {
      const granted = asked.filter(scope => scope !== lost)
      const { missing, scopes } = scopeReport(own, { requested: asked, granted })
      expect(missing).toEqual([{ scope: lost, reason: expect.any(String) as string, checks: own.checks.filter(one => scopesOf(one).includes(lost)).map(({ id, title }) => ({ id, title })) }])
      expect(scopes[0]?.scope).toBe(lost)
      for (const one of own.checks) expect(missingScopes(own, [...granted, ...extra], Object.values(one.reads)), one.id).toEqual(scopesOf(one).includes(lost) ? [lost] : [])
    }
  })
})

describe('scopeReport', () => {
  const two = connector(['a:read', 'b:read'], [check('one', 'a:read'), check('both', 'a:read', 'b:read')], ['b:read'])

  it('says of every permission what it is for, and who rests on it', () => {
    expect(scopeReport(two, { requested: ['a:read', 'b:read'], granted: ['a:read', 'b:read'] })).toEqual({
      requested: ['a:read', 'b:read'], granted: ['a:read', 'b:read'], missing: [], unused: [], discovery: ['b:read'],
      scopes: [
        { scope: 'a:read', reason: 'Why a:read', state: 'granted', discovery: false, checks: [{ id: 'one', title: 'Title of one' }, { id: 'both', title: 'Title of both' }] },
        { scope: 'b:read', reason: 'Why b:read', state: 'granted', discovery: true, checks: [{ id: 'both', title: 'Title of both' }] },
      ],
    })
  })

  it('claims nothing where the provider does not say what it granted', () => {
    const report = scopeReport(two, { requested: ['a:read', 'b:read'], granted: null })
    expect(report).toMatchObject({ granted: null, missing: [], unused: [] })
    expect(report.scopes.map(scope => scope.state)).toEqual(['not_said', 'not_said'])
    expect(missingScopes(two, null, two.discovery)).toEqual([])
  })

  it('misses everything where nothing was granted, and says so first', () => {
    const report = scopeReport(two, { requested: null, granted: [] })
    expect(report.requested).toEqual(['a:read', 'b:read'])
    expect(report.missing.map(one => [one.scope, one.checks.length])).toEqual([['a:read', 2], ['b:read', 1]])
    expect(scopeReport(two, { requested: null, granted: ['a:read'] }).scopes.map(one => [one.scope, one.state])).toEqual([['b:read', 'not_granted'], ['a:read', 'granted']])
  })

  it('names what nothing uses, asked for or granted beyond it', () => {
    expect(scopeReport(two, { requested: ['a:read', 'b:read', 'c:read'], granted: ['a:read', 'b:read', 'd:write'] }).unused).toEqual(['c:read', 'd:write'])
  })

  it('misses what a check needs that was never asked for', () => {
    const grown = connector(['a:read'], [check('one', 'a:read'), check('new', 'z:read')])
    expect(scopeReport(grown, { requested: ['a:read'], granted: ['a:read'] }).missing).toEqual([{ scope: 'z:read', reason: '', checks: [{ id: 'new', title: 'Title of new' }] }])
  })

  it('takes a permission that includes another for it, where the provider does', () => {
    const covering = connector(['a:read'], [check('one', 'a:read')], [], writeReads)
    expect(scopeReport(covering, { requested: ['a:read'], granted: ['a:write'] })).toMatchObject({ missing: [], unused: [] })
    expect(scopeReport(two, { requested: ['a:read', 'b:read'], granted: ['a:write', 'b:read'] })).toMatchObject({ missing: [{ scope: 'a:read' }], unused: ['a:write'] })
    // Beside the one that is enough, the wider one is too much.
    expect(scopeReport(covering, { requested: ['a:read'], granted: ['a:read', 'a:write'] }).unused).toEqual(['a:write'])
  })
})

it('takes every subset of a grant for exactly what it is', () => {
  const scopes = ['a:read', 'b:read', 'c:read', 'd:read']
  const all = connector(scopes, scopes.flatMap((one, i) => scopes.slice(i).map(two => check(`${one}_${two}`.replace(/\W/g, ''), one, two))))
  for (let bits = 0; bits < 2 ** scopes.length; bits++) {
    const granted = scopes.filter((_, i) => bits & 2 ** i)
    const report = scopeReport(all, { requested: scopes, granted })
    expect(report.missing.map(one => one.scope)).toEqual(scopes.filter(scope => !granted.includes(scope)))
    const lost = new Set(report.missing.flatMap(one => one.checks.map(({ id }) => id)))
    for (const one of all.checks) expect(lost.has(one.id)).toBe(missingScopes(all, granted, Object.values(one.reads)).length > 0)
  }
})
