/**
 * What this process counts, for `GET /api/metrics` (Prometheus). Each process counts for itself: the numbers of several
 * are added where they are collected.
 *
 * Labels come from closed sets or the registry of connectors: no organization, integration, person or address is one, so
 * that the page tells nothing of anybody and the number of series stays bounded.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

const registry = new Registry()
const registers = [registry]

/**
 * How a renewal ended: `dead_grant`, `our_application` and `passing` are the three classes of failure; `uncertain`: the
 * provider may have taken the old token and its answer is not here; `lost`: another process was faster.
 */
export type RefreshOutcome = 'refreshed' | 'dead_grant' | 'our_application' | 'passing' | 'uncertain' | 'lost'
export type ScanOutcome = 'completed' | 'failed'
export type DeliveryOutcome = 'accepted' | 'replayed' | 'nothing_to_do' | 'challenge' | 'forged' | 'unreadable' | 'key_missing'
export type CallOutcome = 'ok' | 'redirected' | 'refused' | 'rate_limited' | 'server_error' | 'timeout' | 'unreachable'

const refreshes = new Counter({ registers, name: 'credential_refresh_total', help: 'Renewals of a credential, by how they ended', labelNames: ['provider', 'outcome'] })
const refreshSeconds = new Histogram({
  registers, name: 'credential_refresh_seconds', help: 'Time that a renewal took, from its claim to what was stored', labelNames: ['provider'],
  buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
})
const uses = new Counter({ registers, name: 'credential_used_total', help: 'Credentials handed out, by purpose', labelNames: ['purpose'] })
const scans = new Counter({ registers, name: 'scan_total', help: 'Assessments that ended in this process', labelNames: ['outcome'] })
const calls = new Counter({ registers, name: 'outgoing_calls_total', help: 'Calls to providers, by how they ended', labelNames: ['provider', 'outcome'] })

const deliveries = new Counter({ registers, name: 'webhook_delivery_total', help: 'Deliveries of providers, by what became of them', labelNames: ['provider', 'outcome'] })

export function countDelivery(provider: string, outcome: DeliveryOutcome): void {
  deliveries.inc({ provider, outcome })
}

export function countRefresh(provider: string, outcome: RefreshOutcome): void {
  refreshes.inc({ provider, outcome })
}

/** Starts a clock. @returns stops it and notes the time */
export function timeRefresh(provider: string): () => void {
  const stop = refreshSeconds.startTimer({ provider })
  return () => void stop()
}

/** @param purpose a word of ours (`scan`, `revoke`); what is none, such as an id, counts as `other` */
export function countCredentialUse(purpose: string): void {
  uses.inc({ purpose: /^[a-z][a-z_]{0,31}$/.test(purpose) ? purpose : 'other' })
}

export function countScan(outcome: ScanOutcome): void {
  scans.inc({ outcome })
}

/** A `fetch` whose calls are counted under this provider. */
export function countedFetch(provider: string, fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  return async (input, init) => {
    try {
      const response = await fetch(input, init)
      calls.inc({ provider, outcome: outcomeOf(response) })
      return response
    }
    catch (error) {
      calls.inc({ provider, outcome: init?.signal?.aborted ? 'timeout' : 'unreachable' })
      throw error
    }
  }
}

function outcomeOf({ status, type }: Response): CallOutcome {
  if (type === 'opaqueredirect' || (status >= 300 && status < 400)) return 'redirected'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'server_error'
  return status >= 400 ? 'refused' : 'ok'
}

/** Registers who knows how many credentials are due for renewal: asked at each collection, so it has to be cheap. */
export function reportRefreshDue(ask: () => Promise<number>): void {
  registry.removeSingleMetric('refresh_due')
  void new Gauge({
    registers, name: 'refresh_due', help: 'Credentials whose renewal is due and not done',
    async collect() {
      // A database that is away must not take the other numbers with it: this one is then missing.
      try { this.set(await ask()) }
      catch { this.remove() }
    },
  })
}

let withProcess = false

/** Everything counted, in Prometheus' text format. What watches the process itself starts with the first collection. */
export async function collectMetrics(): Promise<{ type: string, text: string }> {
  if (!withProcess) collectDefaultMetrics({ register: registry })
  withProcess = true
  return { type: registry.contentType, text: await registry.metrics() }
}
