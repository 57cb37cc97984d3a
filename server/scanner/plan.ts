/** What a scan is going to ask, before a credential is handed out for it: stands in the audit log beside the use. */
import { z } from 'zod'
import type { Check, Endpoint } from '#server/connectors/contract'
import type { IntegrationRow } from '#server/integrations/row'
import { missingScopes, scopesOf } from '#server/integrations/scopes'
import { enabledChecks } from './checks'

const names = z.array(z.string())

export interface Plan {
  /** What `enabled_checks` names. */
  enabled: string[]
  /** The enabled ones. */
  checks: Check[]
  /** The permissions that these calls need and the grant is known not to have. Not empty: they are not made. */
  missing: (calls: Iterable<Pick<Endpoint, 'scope'>>) => string[]
  /** The checks that will run, and the permissions that they, the listing of resources and what these tell need. */
  purpose: { checks: string[], scopes: string[] }
}

export function planScan({ config, connector }: Pick<IntegrationRow, 'config' | 'connector'>): Plan {
  const granted = names.nullable().catch(null).parse(config.scopes_granted ?? null)
  const missing: Plan['missing'] = calls => missingScopes(connector, granted, calls)
  const enabled = names.catch([]).parse(config.enabled_checks)
  const checks = enabledChecks(connector, enabled)
  const running = checks.filter(check => missing(Object.values(check.reads)).length === 0)
  const listing = missing(connector.discovery).length === 0 ? connector.discovery.map(endpoint => endpoint.scope) : []
  const telling = (connector.signals ?? []).flatMap(({ reads }) => Object.values(reads)).filter(endpoint => missing([endpoint]).length === 0).map(endpoint => endpoint.scope)
  return {
    enabled,
    checks,
    missing,
    purpose: { checks: running.map(check => check.id), scopes: [...new Set([...listing, ...running.flatMap(scopesOf), ...telling])].sort() },
  }
}
