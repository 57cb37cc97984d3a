import { clientToConnect, missingConfiguration, redirectUri } from './client'
import type { Check, Connector } from '#server/connectors/contract'
import { scopesOf } from './scopes'

export function viewCheck(check: Check) {
  const { id, title, severity, category, rationale, remediation, soc2 } = check
  return { id, title, severity, category, rationale, remediation, soc2, scopes: scopesOf(check) }
}

/** A connector as `GET /api/providers` shows it. */
export function viewProvider(connector: Connector) {
  const target = clientToConnect(connector)
  const { scopes } = connector.authorization
  return {
    id: connector.id,
    name: connector.name,
    description: connector.description,
    brand: connector.brand,
    configured: target !== null && !target.inSandbox,
    sandbox: target?.inSandbox ?? false,
    missing: missingConfiguration(connector),
    redirect_uri: redirectUri(connector),
    setup: connector.setup,
    scopes: scopes.map(scope => scope.name),
    scope_reasons: Object.fromEntries(scopes.map(scope => [scope.name, scope.reason])),
    checks: connector.checks.map(viewCheck),
  }
}
