/**
 * Least privilege: which permission carries which checks, and what of that a grant has. Pure; the scanner asks the same
 * questions before it calls.
 */
import type { Check, Connector, Endpoint } from '#server/connectors/contract'

type Needs = Pick<Connector, 'discovery'> & {
  checks: readonly Pick<Check, 'id' | 'title' | 'reads'>[]
  authorization: Pick<Connector['authorization'], 'scopes' | 'scopeCovers'>
  /** What most grants do not have, and need not: of use only where it is granted. */
  optionalScopes?: readonly string[]
}

/** `not_said`: the provider did not tell what it granted. */
export type ScopeState = 'granted' | 'not_granted' | 'not_said'

export interface ScopeUse {
  scope: string
  /** What we use it for, in plain words. */
  reason: string
  state: ScopeState
  /** Needed to find the account and its resources: without it nothing can be connected. */
  discovery: boolean
  checks: { id: string, title: string }[]
}

/** What a grant was asked for and what it got; null: not known. */
export interface GrantedScopes { requested: readonly string[] | null, granted: readonly string[] | null }

const unique = <T>(values: Iterable<T>) => [...new Set(values)]

/** The permissions that a check's calls need. */
export function scopesOf(check: Pick<Check, 'reads'>): string[] {
  return unique(Object.values(check.reads).map(endpoint => endpoint.scope))
}

function covers({ authorization }: Needs, granted: string, needed: string): boolean {
  return granted === needed || (authorization.scopeCovers?.(granted, needed) ?? false)
}

/** The permissions among those of `endpoints` that the grant does not have: none when the provider did not say. */
export function missingScopes(connector: Needs, granted: readonly string[] | null, endpoints: Iterable<Pick<Endpoint, 'scope'>>): string[] {
  if (granted === null) return []
  return unique([...endpoints].map(endpoint => endpoint.scope)).filter(needed => !granted.some(scope => covers(connector, scope, needed)))
}

/** Every permission that something here needs, in the order in which they are asked for; optional ones where they are granted. */
export function neededScopes(connector: Needs, granted: readonly string[] | null = null): string[] {
  const needed = new Set([...connector.discovery.map(endpoint => endpoint.scope), ...connector.checks.flatMap(scopesOf)])
  for (const scope of connector.optionalScopes ?? []) {
    if (!granted?.includes(scope)) needed.delete(scope)
  }
  const asked = connector.authorization.scopes.map(scope => scope.name)
  return unique([...asked.filter(scope => needed.has(scope)), ...needed])
}

/** Whether anything rests on a permission: it is needed itself, or includes one that nothing else there gives. */
function isUsed(connector: Needs, scope: string, held: readonly string[], needed: readonly string[]): boolean {
  return needed.some(one => one === scope || (covers(connector, scope, one) && !held.includes(one)))
}

/**
 * @returns `missing`: without it these checks are lost; `unused`: asked for or granted, and nothing rests on it;
 * `scopes`: everything that is needed, missing ones first
 */
export function scopeReport(connector: Needs, { requested, granted }: GrantedScopes) {
  const needed = neededScopes(connector, granted)
  const asked = requested ?? connector.authorization.scopes.map(scope => scope.name)
  const lacking = new Set(missingScopes(connector, granted, needed.map(scope => ({ scope }))))
  const scopes = needed.map((scope): ScopeUse => ({
    scope,
    reason: connector.authorization.scopes.find(one => one.name === scope)?.reason ?? '',
    state: granted === null ? 'not_said' : lacking.has(scope) ? 'not_granted' : 'granted',
    discovery: connector.discovery.some(endpoint => endpoint.scope === scope),
    checks: connector.checks.filter(check => scopesOf(check).includes(scope)).map(({ id, title }) => ({ id, title })),
  }))
  const missing = scopes.filter(one => one.state === 'not_granted')
  const held = granted ?? asked
  return {
    requested: [...asked],
    granted: granted && [...granted],
    missing: missing.map(({ scope, reason, checks }) => ({ scope, reason, checks })),
    unused: unique([...asked, ...held]).filter(scope => !isUsed(connector, scope, held, needed)),
    discovery: unique(connector.discovery.map(endpoint => endpoint.scope)),
    scopes: [...missing, ...scopes.filter(one => one.state !== 'not_granted')],
  }
}
