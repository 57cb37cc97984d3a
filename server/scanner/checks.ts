import type { Check, Connector } from '#server/connectors/contract'

/** The checks that a list of categories and check ids stands for, in the connector's order. */
export function enabledChecks(connector: Connector, enabled: readonly string[]): Check[] {
  return connector.checks.filter(check => enabled.includes(check.category) || enabled.includes(check.id))
}
