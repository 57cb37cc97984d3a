/** What a scan is going to ask, before a credential is handed out for it: stands in the audit log beside the use. */
import { z } from 'zod'
import type { Check, Endpoint } from '#server/connectors/contract'
import { crossChecksOf, readsOf } from '#server/cross'
import type { CrossCheck } from '#server/cross/contract'
import type { IntegrationRow } from '#server/integrations/row'
import { missingScopes, scopesOf } from '#server/integrations/scopes'
import { enabledChecks } from './checks'

const names = z.array(z.string())

export interface Plan {
  /** The enabled ones. */
  checks: Check[]
  /** The enabled ones that other connections have a part in. */
  crossing: CrossCheck[]
  /** Whether anything that is enabled makes this call. */
  reads: (call: Pick<Endpoint, 'id'>) => boolean
  /** The permissions that these calls need and the grant is known not to have. Not empty: they are not made. */
  missing: (calls: Iterable<Pick<Endpoint, 'scope'>>) => string[]
  /** The checks that will run, and the permissions that they and the listing of resources need. */
  purpose: { checks: string[], scopes: string[] }
}

export function planScan({ config, connector }: Pick<IntegrationRow, 'config' | 'connector'>): Plan {
  const granted = names.nullable().catch(null).parse(config.scopes_granted ?? null)
  const missing: Plan['missing'] = calls => missingScopes(connector, granted, calls)
  const enabled = names.catch([]).parse(config.enabled_checks)
  const checks = enabledChecks(connector, enabled)
  const crossing = crossChecksOf(connector).filter(check => enabled.includes(check.category) || enabled.includes(check.id))
  const subjects = crossing.map(check => ({ id: check.id, reads: readsOf(connector, check) })).filter(({ reads }) => Object.keys(reads).length > 0)
  const running = [...checks, ...subjects].filter(check => missing(Object.values(check.reads)).length === 0)
  const listing = missing(connector.discovery).length === 0 ? connector.discovery.map(endpoint => endpoint.scope) : []
  const calls = new Set([...checks, ...subjects].flatMap(({ reads }) => Object.values(reads)).map(endpoint => endpoint.id))
  return {
    checks,
    crossing,
    reads: ({ id }) => calls.has(id),
    missing,
    purpose: { checks: running.map(check => check.id), scopes: [...new Set([...listing, ...running.flatMap(scopesOf)])].sort() },
  }
}
