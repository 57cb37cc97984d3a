/** One call to somebody, as far as it goes: any answer means that they are there. */
import { ProviderError } from '#server/errors'
import { sendRequest, type Answer } from '#server/oauth/http'
import type { Clock } from './contract'

export interface Reached { status: number | null, answer: Answer | null, clock: Clock | null }
export type Reach = (base: string, path: string, now: () => number) => Promise<Reached>

/** @throws ProviderError unreachable, timeout */
export async function reach(base: string, path: string, now: () => number, fetch: typeof globalThis.fetch = globalThis.fetch): Promise<Reached> {
  const since = now()
  try {
    const answer = await sendRequest({ method: 'GET', base, path, fetch, expect: 'any' })
    return { status: answer.status, answer, clock: clockOf(base, answer.headers, since, now()) }
  }
  catch (error) {
    // A redirect or a long page is an answer, too.
    if (error instanceof ProviderError && error.options.status) return { status: error.options.status, answer: null, clock: null }
    throw error
  }
}

/** Whole seconds, some time between the question and the answer: only what lies outside of that is skew. */
export function clockOf(base: string, headers: Headers, since: number, until: number): Clock | null {
  const date = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(date)) return null
  return { whose: new URL(base).host, skewMs: skewBetween(date, date + 1_000, since, until) }
}

/** How far their clock is ahead of ours; negative when it is behind. */
export function skewBetween(theirsFrom: number, theirsTo: number, since: number, until: number): number {
  if (theirsFrom > until) return theirsFrom - until
  return theirsTo < since ? theirsTo - since : 0
}

/** Why nobody was reached, by the code of the network's own error. */
export function causeOf(error: ProviderError): string {
  return error.kind === 'unreachable' && error.cause instanceof Error ? error.cause.message : error.kind
}

/** @param host @param variable what sets another address */
export function remedyFor(cause: string, host: string, variable: string): string {
  if (/ENOTFOUND|EAI_/.test(cause)) return `have this machine's DNS resolve ${host}, or correct ${variable}`
  if (/CERT|SELF_SIGNED|ISSUER|TLS|SSL/.test(cause)) return `have a certificate for ${host} that this machine trusts; behind a proxy that opens TLS set NODE_EXTRA_CA_CERTS`
  return `let this machine reach ${host} (firewall, proxy), or correct ${variable}`
}
