import type { Connector } from '#server/connectors/contract'
import { allConnectors } from '#server/connectors/registry'
import { ProviderError } from '#server/errors'
import { clientFor } from '#server/integrations/client'
import type { Check, Context, Result } from '../contract'
import { causeOf, reach, remedyFor } from '../outgoing'

/** Whether this machine gets to each provider's API and sign-in host at all. */
export const providers: Check = {
  name: 'provider',
  async run(context) {
    context.env()
    return Promise.all(allConnectors().map(connector => examineProvider(connector, context)))
  },
}

async function examineProvider(connector: Connector, context: Context): Promise<Omit<Result, 'name'>> {
  const { missing } = context.env().provider(connector)
  if (missing.length > 0) {
    return { ok: 'skipped', detail: `${connector.name} is ${context.env().sandbox ? 'played by the sandbox' : 'not configured'} (${missing.join(' and ')} not set)` }
  }
  const { apiBase, authBase } = clientFor(connector, false)
  const seen: string[] = []
  for (const [base, suffix] of new Map([[authBase, '_AUTH_URL'], [apiBase, '_API_URL']])) {
    try {
      // Nothing is asked for: whatever is said shows that the way there is open.
      const { status, clock } = await reach(base, '/robots.txt', context.now)
      if (clock) context.clocks.push(clock)
      seen.push(`${base} answers (HTTP ${status ?? 'unknown'})`)
    }
    catch (error) {
      if (!(error instanceof ProviderError)) throw error
      const cause = causeOf(error)
      return { ok: false, detail: `${connector.name}: ${base} can't be reached (${cause})`, fix: remedyFor(cause, new URL(base).host, `${connector.id.toUpperCase()}${suffix}`) }
    }
  }
  return { ok: true, detail: `${connector.name}: ${seen.join(', ')}` }
}
