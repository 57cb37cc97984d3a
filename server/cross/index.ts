/** The checks that two connections answer together, and for which connectors they are. */
import type { Check, CheckDescription, Connector, ResourceDescription, SignalPublisher } from '#server/connectors/contract'
import type { SignalKind } from '#server/connectors/signals'
import { backendDeployTargetConnected } from './backend-deploy-target-connected'
import { category, type CrossCheck } from './contract'
import { productionBranchProtected } from './production-branch-protected'
import { productionRepositoryConnected } from './production-repository-connected'
import { productionRepositoryScanned } from './production-repository-scanned'
import { serverKeyNotInBrowser } from './server-key-not-in-browser'

export const crossChecks: readonly CrossCheck[] = [
  serverKeyNotInBrowser,
  productionBranchProtected,
  productionRepositoryConnected,
  productionRepositoryScanned,
  backendDeployTargetConnected,
]

type Tells = Pick<Connector, 'signals'>

/** The publishers of a resource, or of any where none is given. */
export function publishersOf({ signals = [] }: Tells, resource?: Pick<ResourceDescription, 'kind'>): SignalPublisher[] {
  return signals.filter(({ kinds }) => resource === undefined || (kinds?.includes(resource.kind) ?? true))
}

/** The kinds of facts that a resource tells, or any of the connector's. */
export function tellsOf(connector: Tells, resource?: Pick<ResourceDescription, 'kind'>): Set<SignalKind> {
  return new Set(publishersOf(connector, resource).flatMap(publisher => publisher.tells))
}

/** Those whose subject a resource of the connector, or this one, can be. */
export function crossChecksOf(connector: Tells, resource?: Pick<ResourceDescription, 'kind'>): CrossCheck[] {
  const told = tellsOf(connector, resource)
  return crossChecks.filter(check => told.has(check.subject))
}

/** The calls that a check's subject rests on: without their permissions it is lost. */
export function readsOf(connector: Tells, check: CrossCheck): SignalPublisher['reads'] {
  return Object.assign({}, ...publishersOf(connector).filter(publisher => publisher.tells.includes(check.subject)).map(publisher => publisher.reads))
}

/** Every check that may ask about a connector's resources. */
export function allChecksOf(connector: Pick<Connector, 'checks' | 'signals'>): (Pick<Check, 'reads'> & CheckDescription)[] {
  return [...connector.checks, ...crossChecksOf(connector).map(check => ({ ...check, reads: readsOf(connector, check) }))]
}

/** The permissions that only facts rest on which most grants can't give. */
export function optionalScopesOf(connector: Pick<Connector, 'signals' | 'authorization'>): string[] {
  const asked = connector.authorization.scopes.map(scope => scope.name)
  const reads = publishersOf(connector).filter(publisher => publisher.optional).flatMap(publisher => Object.values(publisher.reads))
  return reads.map(endpoint => endpoint.scope).filter(scope => !asked.includes(scope))
}

/**
 * What `enabled_checks` starts with: the connector's own, and the whole category, or by name the checks that rest on no
 * permission which most grants do not have.
 */
export function defaultChecksOf(connector: Pick<Connector, 'defaultChecks' | 'signals'>): string[] {
  const all = crossChecksOf(connector)
  const optional = new Set(publishersOf(connector).filter(publisher => publisher.optional).flatMap(publisher => publisher.tells))
  const usual = all.filter(check => !optional.has(check.subject))
  if (all.length === 0) return [...connector.defaultChecks]
  return [...connector.defaultChecks, ...usual.length === all.length ? [category] : usual.map(check => check.id)]
}
