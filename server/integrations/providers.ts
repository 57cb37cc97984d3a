import { clientToConnect, missingConfiguration, redirectUri, rehearsedFaults, webhookUri } from './client'
import { isOAuth, type Check, type CheckDescription, type Connector, type SettingDescription } from '#server/connectors/contract'
import { allChecksOf } from '#server/cross'
import { settingVariable } from '#server/utils/env-schema'
import { scopesOf } from './scopes'

export function viewCheck(check: CheckDescription & Pick<Check, 'reads'>) {
  const { id, title, severity, category, rationale, remediation, soc2, cis = [], iso27001 = null } = check
  return { id, title, severity, category, rationale, remediation, soc2, cis, iso27001, scopes: scopesOf(check) }
}

/** What it is, never what it is set to. */
function viewSetting(connector: Connector, { name, description, secret, required }: SettingDescription) {
  return { variable: settingVariable(connector.id, name), description, secret, required }
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
    sandbox_faults: rehearsedFaults(connector.id),
    missing: missingConfiguration(connector),
    settings: (connector.settings ?? []).map(setting => viewSetting(connector, setting)),
    redirect_uri: isOAuth(connector) ? redirectUri(connector) : null,
    webhook_uri: webhookUri(connector),
    setup: connector.setup,
    scopes: scopes.map(scope => scope.name),
    scope_reasons: Object.fromEntries(scopes.map(scope => [scope.name, scope.reason])),
    never_read: connector.neverRead ?? [],
    checks: allChecksOf(connector).map(viewCheck),
  }
}
