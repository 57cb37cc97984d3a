import type { Finding, Integration, List } from '#shared/api'
import { revocationOutcomes, severities, type RevocationOutcome, type Severity } from '#shared/vocabulary'

export type OpenCounts = Record<Severity, number>

export interface Revocation { outcome: RevocationOutcome, reason: string | null, url: string | null }
/** `receipt`: its address. */
export interface Removal extends Revocation { receipt: string | null }

/** `failed; url="https://…"`, `not_supported; reason="…"; url="https://…"`: only a web address becomes a link. */
export function parseRevocation(header: string | null): Revocation {
  const outcome = revocationOutcomes.find(one => header?.split(';')[0] === one)
  const url = /url="(https?:\/\/[^"]+)"/.exec(header ?? '')?.[1] ?? null
  const reason = /reason="(\w+)"/.exec(header ?? '')?.[1] ?? null
  return { outcome: outcome ?? 'failed', reason, url }
}

export function useIntegrations() {
  const api = useApi()
  const list = useList<Integration>('integrations', '/api/integrations', () => ({ limit: 200 }))

  /** Ends the grant and deletes all that hangs on it; tells what became of the revocation. */
  async function remove(id: string): Promise<Removal> {
    const headers = await api.headers(`/api/integrations/${id}`, { method: 'DELETE' })
    await list.refresh()
    const receipt = headers.get('x-receipt')
    return { ...parseRevocation(headers.get('x-revocation')), receipt: receipt?.startsWith('/api/receipts/') ? receipt : null }
  }

  return { ...list, integrations: list.items, remove }
}

/** Open findings of each integration by severity, counted from one page of the newest; `partial` when there are more. */
export function useOpenCounts() {
  return useRead('open-counts', async (api) => {
    const { data, next_cursor } = await api<List<Finding>>('/api/findings', { query: { status: 'open', limit: 200 } })
    const counts: Record<string, OpenCounts> = {}
    for (const finding of data) {
      const own = counts[finding.integration_id] ??= Object.fromEntries(severities.map(severity => [severity, 0])) as OpenCounts
      own[finding.severity]++
    }
    return { counts, partial: next_cursor !== null }
  })
}
