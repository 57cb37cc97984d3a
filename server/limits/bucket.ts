import { createHash } from 'node:crypto'
import type { Connector, Endpoint, GrantFacts, RateLimits, RateWindow } from '#server/connectors/contract'

/** What a provider counts together, as `rate_buckets` has it. */
export interface Bucket {
  /** The connector's id and a hash of everything that tells buckets apart: accounts and paths name customers, the table must not. */
  key: string
  window: RateWindow
  headers: RateLimits['headers']
}

/** The application that calls, and where. */
export interface Caller { connector: Pick<Connector, 'id' | 'hosts' | 'limits'>, clientId: string, apiBase: string, inSandbox?: true }
/** For whom it calls. `accountId`: of `ExternalAccount`; null: not known yet. */
export interface Grant { accountId: string | null, facts: GrantFacts }

interface CountedCall { endpoint: Pick<Endpoint, 'id'>, path: string, minted?: boolean }

/** The bucket that a call counts against, or null: nobody counts it, or it is not known yet for whom. */
export function bucketOf({ connector, clientId, apiBase, inSandbox }: Caller, grant: Grant, { endpoint, path, minted = false }: CountedCall): Bucket | null {
  const { limits } = connector
  const whose = limits && countedFor(limits, grant, minted)
  // A limit that is rehearsed there ends with the rehearsal.
  if (!limits || whose === null || inSandbox) return null
  const [plainPath = ''] = path.split('?')
  const what = { all: '', endpoint: endpoint.id, path: plainPath }[limits.countedBy]
  const documented = limits.exceptions?.[what] ?? limits.window
  // A stand-in's or an own server's limits are none that the provider documents.
  const window = apiBase === connector.hosts.api ? documented : { ...documented, calls: null }
  const hash = createHash('sha256').update(JSON.stringify([apiBase, clientId, whose, what])).digest('hex')
  return { key: `${connector.id}:${hash.slice(0, 32)}`, window, headers: limits.headers }
}

function countedFor({ countedFor, mintedFor }: RateLimits, { accountId, facts }: Grant, minted: boolean): string | null {
  const name = minted && mintedFor && facts[mintedFor.fact]
  if (name) return `minted for ${name}`
  if (countedFor === 'app') return ''
  if (countedFor === 'account') return accountId
  return facts[countedFor.fact] ?? null
}
